"""The compact form of a JSON Web Signature, read strictly.

Guarantees: three segments, each of which re-encodes to exactly what was given, so that one token has one spelling.
PyJWT accepts padded segments (Wycheproof JWS cases 367 and 370): with it alone, a token has several spellings.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, NamedTuple

MAX_TOKEN_CHARACTERS: Final = 16_384  # Entra's largest ID token, with group overage, stays under 8 KiB; twice that


class MalformedToken(ValueError):
    """Not a compact JWS in its one spelling."""


class Compact(NamedTuple):
    """The three decoded segments, in bytes."""

    header: bytes
    payload: bytes
    signature: bytes


def split(token: str) -> Compact:
    """Decode the three segments of `token`. MalformedToken when it is anything else."""
    if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
        raise MalformedToken
    segments = token.split(".")
    if len(segments) != len(Compact._fields):
        raise MalformedToken
    return Compact(*map(decode, segments))


def encode(data: bytes) -> str:
    """base64url without padding (RFC 7515, section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(segment: str) -> bytes:
    """The bytes of base64url without padding. MalformedToken when it is not their one spelling."""
    try:
        data = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        raise MalformedToken from None
    if encode(data) != segment:
        raise MalformedToken
    return data
