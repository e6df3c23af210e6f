"""The authority's RSA keys. They live in the database, so that tokens outlive a restart.

Guarantees that JWKS shows two keys, the one in use and one for later, as Entra's does: a client that takes the first or
only key is wrong.
"""

import base64
import hashlib
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.database import Database

KEY_BITS = 2048
ALGORITHM = "RS256"  # the one that Entra signs ID tokens with


def _new_pem() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form)


class SigningKeys:
    """Signs tokens and shows the public keys."""

    def __init__(self, database: Database) -> None:
        self._later = _load(_kept(database, "signing-key-later"))
        self._current = _load(_kept(database, "signing-key-current"))
        self.kid = _kid(self._current)

    def jwks(self) -> dict[str, Any]:
        """The public keys, RFC 7517; the one in use comes second."""
        return {"keys": [_jwk(key) for key in (self._later, self._current)]}

    def sign(self, claims: dict[str, Any]) -> str:
        """A token that verifies."""
        return jwt.encode(claims, self._current, ALGORITHM, headers={"kid": self.kid})

    def sign_wrongly(self, claims: dict[str, Any]) -> str:
        """A token that says it is signed with the key in use, and isn't."""
        return jwt.encode(claims, _load(_new_pem()), ALGORITHM, headers={"kid": self.kid})

    def public_key(self) -> rsa.RSAPublicKey:
        """The public half of the key in use."""
        return self._current.public_key()


def unsigned(claims: dict[str, Any]) -> str:
    """A token with alg none."""
    return jwt.encode(claims, "", "none")


def _kept(database: Database, name: str) -> bytes:
    found = database.row("SELECT value FROM keepsake WHERE name = ?", name)
    return bytes(found[0]) if found else database.keepsake(name, _new_pem())


def _load(pem: bytes) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the sandbox's database holds a key that is not RSA; delete the database file")
    return key


def _kid(key: rsa.RSAPrivateKey) -> str:
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return _base64url(hashlib.sha256(key.public_key().public_bytes(*form)).digest())


def _jwk(key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    parts = {"n": _base64url(_unsigned_bytes(numbers.n)), "e": _base64url(_unsigned_bytes(numbers.e))}
    return {"kty": "RSA", "use": "sig", "kid": _kid(key), "alg": ALGORITHM, **parts}


def _unsigned_bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
