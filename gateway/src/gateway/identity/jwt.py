"""Our own access tokens: ES256, `at+jwt` (RFC 9068), ten minutes.

Guarantees: the header of a token must be, byte for byte, one that we write ourselves. So there is no algorithm to
choose, no `none`, no key address, no key id to play with: an unknown header is refused before anything is parsed.
Then: one spelling (re-encoding gives the input), a verified signature, exactly our claims, our issuer, our audience,
in its time. Every refusal is the same Unauthenticated: no oracle. Revocation is not decided here but after this, by
session (gateway.identity.live), so a cached verification never outlives a revoked session.

Tokens are named by `jti` and `sid`, never by their text: an ECDSA signature has a second valid form.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chassis.errors import Unauthenticated
from gateway.identity import compact

ALGORITHM: Final = "ES256"
TYPE: Final = "at+jwt"
LIFETIME_S: Final = 600  # spec: ten minutes
CLOCK_DIFFERENCE_S: Final = 5  # between replicas; applies to "issued in the future" only, never to expiry
CACHE_ENTRIES: Final = 10_000  # about 3 MB; a verification costs 80 us, a cache hit 1 us
MAX_CHARACTERS: Final = 1024  # ours have about 430
REFUSED: Final = "The access token is missing, invalid or expired. Sign in again."


@dataclass(frozen=True)
class Principal:
    """Who a verified token speaks for. Ids only."""

    person_id: str
    session_id: str
    jti: str


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly what a token says. Times in whole Unix seconds."""

    iss: str
    aud: str
    exp: int
    iat: int
    jti: str
    sid: str
    sub: str


class TokenKeys:
    """The signing key and the public keys that are still believed. The key id is the RFC 7638 thumbprint."""

    def __init__(self, current: ec.EllipticCurvePrivateKey, retired: Sequence[ec.EllipticCurvePublicKey] = ()) -> None:
        self._current = current
        self._kid = _thumbprint(current.public_key())
        self._by_header = {_header(key): key for key in (current.public_key(), *retired)}

    def sign(self, payload: bytes) -> str:
        """The compact JWS over `payload`, under the current key."""
        return jwt.PyJWS().encode(payload, self._current, ALGORITHM, {"typ": TYPE, "kid": self._kid})

    def signed_payload(self, token: str) -> bytes:
        """The payload of a token that one of these keys signed. ValueError or PyJWTError otherwise."""
        header, _, _ = token.partition(".")
        compact.split(token)  # one spelling
        payload: bytes = jwt.PyJWS().decode(token, self._by_header[header], [ALGORITHM])
        return payload


@dataclass(frozen=True)
class _Verified:
    principal: Principal
    exp: int


class AccessTokens:
    """Mints and verifies. One per gateway process; `issuer` and `audience` are this deployment's."""

    def __init__(self, keys: TokenKeys, *, issuer: str, audience: str, cache_entries: int = CACHE_ENTRIES) -> None:
        self._keys = keys
        self._cache_entries = cache_entries
        self._issuer = issuer
        self._audience = audience
        self._cache: OrderedDict[bytes, _Verified] = OrderedDict()

    def mint(self, principal: Principal, now: int) -> str:
        """A token for `principal`, valid from `now` (Unix seconds) for LIFETIME_S."""
        claims = Claims(
            iss=self._issuer,
            aud=self._audience,
            exp=now + LIFETIME_S,
            iat=now,
            jti=principal.jti,
            sid=principal.session_id,
            sub=principal.person_id,
        )
        return self._keys.sign(msgspec.json.encode(claims))

    def verify(self, token: str, now: float) -> Principal:
        """The Principal of a valid token. Unauthenticated for any other. `now` in Unix seconds."""
        if len(token) > MAX_CHARACTERS or not token.isascii():
            raise Unauthenticated(REFUSED)
        name = sha256(token.encode()).digest()
        verified = self._cache.get(name) or self._remember(name, self._verify(token, now))
        if verified.exp <= now:
            del self._cache[name]
            raise Unauthenticated(REFUSED)
        return verified.principal

    def _verify(self, token: str, now: float) -> _Verified:
        try:
            claims = msgspec.json.decode(self._keys.signed_payload(token), type=Claims)
        except (KeyError, ValueError, msgspec.MsgspecError, jwt.PyJWTError):
            raise Unauthenticated(REFUSED) from None
        if not self._acceptable(claims, now):
            raise Unauthenticated(REFUSED)
        return _Verified(Principal(person_id=claims.sub, session_id=claims.sid, jti=claims.jti), claims.exp)

    def _acceptable(self, claims: Claims, now: float) -> bool:
        ours = claims.iss == self._issuer and claims.aud == self._audience
        in_time = claims.iat <= now + CLOCK_DIFFERENCE_S and now < claims.exp <= claims.iat + LIFETIME_S
        return ours and in_time and all((claims.jti, claims.sid, claims.sub))

    def _remember(self, name: bytes, verified: _Verified) -> _Verified:
        self._cache[name] = verified
        if len(self._cache) > self._cache_entries:
            self._cache.popitem(last=False)
        return verified


def _header(key: ec.EllipticCurvePublicKey) -> str:
    # Written as PyJWT writes it (sorted members, no spaces); tests hold the two equal.
    members = {"alg": ALGORITHM, "kid": _thumbprint(key), "typ": TYPE}
    return compact.encode(msgspec.json.encode(members))


def _thumbprint(key: ec.EllipticCurvePublicKey) -> str:
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    x, y = point[1:33], point[33:]
    members = {"crv": "P-256", "kty": "EC", "x": compact.encode(x), "y": compact.encode(y)}
    return compact.encode(sha256(msgspec.json.encode(members)).digest())
