"""The sealed form: an AEAD with everything that says where a value belongs in the authenticated data.

    sealed  = u8 format || u8 algorithm || u8 length || key id || 96-bit random nonce || ciphertext and tag
    binding = for each part: u32be length || UTF-8 bytes; the parts are the header without the nonce, then the place

A value opens under its own key in its own place, or not at all: every refusal is the same DecryptFailed. It names its
algorithm, so values of several are read side by side; SEALING is what new ones get. There is no database and no clock
here.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from gateway.vault.errors import DecryptFailed

FORMAT: Final = 1
AES_256_GCM: Final = 1
CHACHA20_POLY1305: Final = 2
SEALING: Final = AES_256_GCM  # of what is sealed from now on
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12  # SP 800-38D: random 96-bit nonces, hence the use limit in gateway.vault.vault
_FIXED_BYTES: Final = 3  # format, algorithm, length of the key id


def _chacha20_poly1305(key: bytes) -> ChaCha20Poly1305:
    """Under a key of its own: no key serves two algorithms."""
    return ChaCha20Poly1305(HKDFExpand(SHA256(), KEY_BYTES, info=b"chacha20-poly1305").derive(key))


# All that were ever sealed with, and take 32 bytes of key and 12 of nonce. A number is for ever.
_AEADS: Final[Mapping[int, Callable[[bytes], AESGCM | ChaCha20Poly1305]]] = {
    AES_256_GCM: AESGCM,
    CHACHA20_POLY1305: _chacha20_poly1305,
}


class Sealed(NamedTuple):
    """A sealed value taken apart; nothing in it is believed before `open`."""

    header: bytes
    algorithm: int
    key_id: str
    nonce: bytes
    ciphertext: bytes


def seal(key: bytes, key_id: str, place: Sequence[str], plaintext: bytes, algorithm: int = SEALING) -> bytes:
    """`plaintext` under `key` (32 bytes), bound to the algorithm, the key id and each part of `place`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    header = _header(algorithm, key_id)
    return header + nonce + _AEADS[algorithm](key).encrypt(nonce, plaintext, _binding(header, place))


def open(key: bytes, place: Sequence[str], sealed: bytes) -> bytes:  # noqa: A001  # read as envelope.open; the builtin is not used here
    """The plaintext, if `sealed` was sealed under `key` for exactly this place. Raises DecryptFailed."""
    parts = split(sealed)
    try:
        return _AEADS[parts.algorithm](key).decrypt(parts.nonce, parts.ciphertext, _binding(parts.header, place))
    except InvalidTag:
        raise DecryptFailed from None


def split(sealed: bytes) -> Sealed:
    """The parts of a sealed value, to learn which key it asks for. Raises DecryptFailed when it is none."""
    if len(sealed) < _FIXED_BYTES or sealed[0] != FORMAT or sealed[1] not in _AEADS:
        raise DecryptFailed
    start = _FIXED_BYTES + sealed[2]
    key_id = sealed[_FIXED_BYTES:start].decode("latin-1")
    if not (key_id.isascii() and key_id.isprintable()):  # it goes into a query next
        raise DecryptFailed
    return Sealed(sealed[:start], sealed[1], key_id, *_halves(sealed[start:]))


def _halves(body: bytes) -> tuple[bytes, bytes]:
    if len(body) < NONCE_BYTES:
        raise DecryptFailed
    return body[:NONCE_BYTES], body[NONCE_BYTES:]


def _header(algorithm: int, key_id: str) -> bytes:
    name = key_id.encode("ascii")
    return bytes((FORMAT, algorithm, len(name))) + name


def _binding(header: bytes, place: Sequence[str]) -> bytes:
    parts = [header, *(part.encode() for part in place)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
