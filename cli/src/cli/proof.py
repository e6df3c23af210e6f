"""A session's key, and the proofs of it that the gateway asks for (DPoP, RFC 9449)."""

import secrets
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.identity import compact


class SessionKey:
    """A P-256 key that lives as long as this object: what it signed in for can be refreshed by nobody else."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        numbers = self._key.public_key().public_numbers()
        x, y = (compact.encode(number.to_bytes(32)) for number in (numbers.x, numbers.y))
        self._jwk = {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    def headers(self, url: str) -> dict[str, str]:
        """For one POST to `url`, now."""
        claims = {"jti": secrets.token_urlsafe(16), "htm": "POST", "htu": url, "iat": int(time.time())}
        return {"DPoP": jwt.encode(claims, self._key, "ES256", {"typ": "dpop+jwt", "jwk": self._jwk})}
