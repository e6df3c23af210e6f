"""The key under which features and folder ids are hashed, so that a profile tells its reader nothing.

Guarantees: SipHash-2-4 under subkeys that HKDF draws from the caller's 32 bytes, one for each use; the key is in no
profile, repr or error. Unkeyed hashes gave away who writes to someone at 98 % precision.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from siphash24 import siphash24

from classifier.features import Group

LENGTH = 32  # bytes; contract of Classify and Learn
TAG_LENGTH = 16  # bytes; a truncated HMAC-SHA-256, so that a profile opens under its own key only
_SIP_KEY = 16
_FEATURE_MASK = 0xFFFFFFFF
_LABEL_MASK = 0xFFFFFFFFFFFFFFFF  # the library hands out a signed number
_PREFIXES = tuple(bytes((group,)) for group in Group)
_MOST_KNOWN = 65_536  # tokens whose hash is kept while the key lives, which is one call: mail repeats itself


class FeatureKeyRefused(ValueError):
    """The key isn't 32 bytes; says so, and never what it was."""


class FeatureKey:
    """Three subkeys: features, folders and the profile's tag."""

    __slots__ = ("_features", "_folders", "_known", "_profile")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != LENGTH:
            raise FeatureKeyRefused(f"a feature key has {LENGTH} bytes")
        self._features = _subkey(secret, b"mo/features/v1", _SIP_KEY)
        self._folders = _subkey(secret, b"mo/folders/v1", _SIP_KEY)
        self._profile = _subkey(secret, b"mo/profile/v1", LENGTH)
        self._known: dict[tuple[Group, str | tuple[int, ...]], int] = {}

    def features(self, tokens: Iterable[tuple[Group, str]]) -> list[int]:
        """32 bits for each token."""
        known, hashed = self._known.get, self._hashed
        return [known(token) or hashed(token) for token in tokens]

    def feature(self, group: Group, text: str) -> int:
        """32 bits for one token."""
        return self.features([(group, text)])[0]

    def memory(self, group: Group, *numbers: int) -> int:
        """32 bits for what the engine remembers, such as "the last folder was this one"; each number has 64 bits."""
        return self._known.get((group, numbers)) or self._remembered((group, numbers))

    def _hashed(self, token: tuple[Group, str]) -> int:
        return self._kept(token, token[1].encode())

    def _remembered(self, memory: tuple[Group, tuple[int, ...]]) -> int:
        return self._kept(memory, b"".join(number.to_bytes(8, "little") for number in memory[1]))

    def _kept(self, what: tuple[Group, str | tuple[int, ...]], data: bytes) -> int:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        hashed = int(siphash24(_PREFIXES[what[0]] + data, key=self._features).intdigest()) & _FEATURE_MASK
        self._known[what] = hashed
        return hashed

    def label(self, folder_id: str) -> int:
        """64 bits for one folder id."""
        return int(siphash24(folder_id.encode(), key=self._folders).intdigest()) & _LABEL_MASK

    def tag(self, data: bytes) -> bytes:
        """16 bytes that only this key makes over a profile."""
        return hmac.digest(self._profile, data, sha256)[:TAG_LENGTH]


def _subkey(secret: bytes, use: bytes, length: int) -> bytes:
    return HKDFExpand(algorithm=SHA256(), length=length, info=use).derive(secret)
