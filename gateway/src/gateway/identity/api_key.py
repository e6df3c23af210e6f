"""What an API key looks like: `mok_`, 256 random bits, and a checksum. Pure.

    mok_ + 52 characters of base32 (256 bits) + 7 characters of base32 (CRC-32 of everything before), all lower case

The prefix lets scanners of source code find a leaked key, the checksum tells a mistyped one from a wrong one without
asking the database. It protects nothing: the 256 bits do. Known by the SHA-256 of its text: so random a value needs no
slow hash.
"""

import re
import secrets
import zlib
from base64 import b32encode
from hashlib import sha256
from typing import Final

PREFIX: Final = "mok_"
SECRET_BYTES: Final = 32
_FORM: Final = re.compile(r"mok_[a-z2-7]{59}", re.ASCII)
_CHECKSUM_CHARACTERS: Final = 7


def new() -> str:
    """A key that nobody has."""
    body = PREFIX + _base32(secrets.token_bytes(SECRET_BYTES))
    return body + _checksum(body)


def is_one(text: str) -> bool:
    """Whether it has the form of a key. Says nothing about whose it is."""
    if not _FORM.fullmatch(text):
        return False
    return text[-_CHECKSUM_CHARACTERS:] == _checksum(text[:-_CHECKSUM_CHARACTERS])


def digest(text: str) -> bytes:
    """How the database knows it. 32 bytes."""
    return sha256(text.encode()).digest()


def _checksum(body: str) -> str:
    return _base32(zlib.crc32(body.encode()).to_bytes(4, "big"))


def _base32(data: bytes) -> str:
    return b32encode(data).decode().rstrip("=").lower()
