"""The sealed form: AES-256-GCM with everything that says where a value belongs in the authenticated data.

    sealed  = u8 format || u8 algorithm || u8 length || key id || 96-bit random nonce || ciphertext and tag
    binding = for each part: u32be length || UTF-8 bytes; the parts are the header without the nonce, then the place

A value opens under its own key in its own place, or not at all: every refusal is the same DecryptFailed. There is no
database and no clock here.
"""

import secrets
from collections.abc import Sequence
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.vault.errors import DecryptFailed

FORMAT: Final = 1
AES_256_GCM: Final = 1
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12  # SP 800-38D: random 96-bit nonces, hence the use limit in gateway.vault.vault
_FIXED_BYTES: Final = 3  # format, algorithm, length of the key id


class Sealed(NamedTuple):
    """A sealed value taken apart; nothing in it is believed before `open`."""

    header: bytes
    key_id: str
    nonce: bytes
    ciphertext: bytes


def seal(key: bytes, key_id: str, place: Sequence[str], plaintext: bytes) -> bytes:
    """`plaintext` under `key` (32 bytes), bound to the key id and to each part of `place`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    header = _header(key_id)
    return header + nonce + AESGCM(key).encrypt(nonce, plaintext, _binding(header, place))


def open(key: bytes, place: Sequence[str], sealed: bytes) -> bytes:  # noqa: A001  # read as envelope.open; the builtin is not used here
    """The plaintext, if `sealed` was sealed under `key` for exactly this place. Raises DecryptFailed."""
    parts = split(sealed)
    try:
        return AESGCM(key).decrypt(parts.nonce, parts.ciphertext, _binding(parts.header, place))
    except InvalidTag:
        raise DecryptFailed from None


def split(sealed: bytes) -> Sealed:
    """The parts of a sealed value, to learn which key it asks for. Raises DecryptFailed when it is none."""
    if len(sealed) < _FIXED_BYTES or sealed[:2] != bytes((FORMAT, AES_256_GCM)):
        raise DecryptFailed
    start = _FIXED_BYTES + sealed[2]
    key_id = sealed[_FIXED_BYTES:start].decode("latin-1")
    if not (key_id.isascii() and key_id.isprintable()):  # it goes into a query next
        raise DecryptFailed
    return Sealed(sealed[:start], key_id, *_halves(sealed[start:]))


def _halves(body: bytes) -> tuple[bytes, bytes]:
    if len(body) < NONCE_BYTES:
        raise DecryptFailed
    return body[:NONCE_BYTES], body[NONCE_BYTES:]


def _header(key_id: str) -> bytes:
    name = key_id.encode("ascii")
    return bytes((FORMAT, AES_256_GCM, len(name))) + name


def _binding(header: bytes, place: Sequence[str]) -> bytes:
    parts = [header, *(part.encode() for part in place)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
