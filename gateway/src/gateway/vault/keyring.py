"""The gateway's own keys: separate random ones for each purpose, in a file that the root seals as a whole.

No key is derived from another, so each can be replaced or destroyed alone. Destroying a KEK generation is what makes
old copies of the database unreadable. The file is replaced in one step and under a lock; a crash leaves the old or the
new one. The blind-index key can't be rotated: every person is found through it.
"""

import fcntl
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from gateway.store import clock, ids
from gateway.vault import draft
from gateway.vault.envelope import KEY_BYTES
from gateway.vault.errors import DecryptFailed, KeyringRefused
from gateway.vault.root import Root, private_bytes

_PLACE: Final = ("keys",)
_Stamp = tuple[int, int, int]


class Purpose(StrEnum):
    """What a key is for; it is used for nothing else."""

    KEK = "kek"
    ACCESS_TOKEN = "access_token"  # noqa: S105  # the name of a purpose
    CURSOR = "cursor"
    BLIND_INDEX = "blind_index"
    AUDIT = "audit"
    ATTESTATION = "attestation"
    RATE_LIMIT = "rate_limit"
    INCIDENT = "incident"


# Not in keys files of the first releases: made when one is opened. Events that such a key did not write don't verify
# under it, and what it did not seal does not open, so deleting the key to have a new one made hides nothing.
_ADDED: Final = frozenset({Purpose.AUDIT, Purpose.ATTESTATION, Purpose.RATE_LIMIT, Purpose.INCIDENT})
ROTATING: Final = frozenset(Purpose) - {Purpose.BLIND_INDEX}


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key; `created_at` in unix ms.

    `secret` is 32 random bytes (for ATTESTATION an Ed25519 seed), for ACCESS_TOKEN a P-256 key in PKCS#8 DER.
    """

    id: str
    purpose: Purpose
    created_at: int
    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.id}, {self.purpose})"


class SigningKey(NamedTuple):
    """A key of access tokens. `created_at` in unix ms."""

    id: str
    created_at: int
    key: ec.EllipticCurvePrivateKey


class _Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keys: tuple[Key, ...]


class Keyring:
    """The keys in use and the older ones still kept. One per process."""

    def __init__(self, root: Root, keys_file: Path, keys: tuple[Key, ...]) -> None:
        self._root = root
        self._file = keys_file
        self._keys = keys
        self._stamp: _Stamp | None = None  # of the file that was last read by look_again

    @classmethod
    def create(cls, root: Root, keys_file: Path, *, now: int) -> "Keyring":
        """New keys, and a root unless one was provided. Raises KeyringRefused when there is a keys file already."""
        if keys_file.exists():
            raise KeyringRefused(f"{keys_file} exists; new keys would make everything sealed so far unreadable")
        root.prepare()
        keyring = cls(root, keys_file, tuple(_new(purpose, now) for purpose in Purpose))
        _write(keys_file, root.seal(_PLACE, msgspec.json.encode(_Keys(keyring._keys))))
        return keyring

    @classmethod
    def open(cls, root: Root, keys_file: Path) -> "Keyring":
        """The keys as they stand. Raises KeyringRefused unless both are private and belong together."""
        keyring = cls(root, keys_file, _read(root, keys_file))
        if absent := _ADDED - {key.purpose for key in keyring._keys}:
            keyring._add(absent)
        return keyring

    def newest(self, purpose: Purpose) -> Key:
        """The key to seal or sign with."""
        return self.all(purpose)[0]

    def all(self, purpose: Purpose) -> Sequence[Key]:
        """The keys that may still open or verify, newest first; never empty."""
        return [key for key in reversed(self._keys) if key.purpose is purpose]

    def kek(self, kek_id: str) -> Key | None:
        """A KEK by its id, looked up again on disk when another process made it; None when it is destroyed."""
        if self._kek(kek_id) is None:
            self._keys = _read(self._root, self._file)
        return self._kek(kek_id)

    def signing_keys(self) -> list[SigningKey]:
        """The keys of access tokens, newest first; never empty."""
        return [SigningKey(key.id, key.created_at, _private_key(key)) for key in self.all(Purpose.ACCESS_TOKEN)]

    def look_again(self) -> None:
        """Take over what another process rotated or destroyed. Raises KeyringRefused, and keeps what it has then."""
        stamp = _stamp(self._file)
        if stamp != self._stamp:
            self._keys, self._stamp = _read(self._root, self._file), stamp

    def rotate(self, purpose: Purpose, *, now: int) -> Key:
        """Make a new key the one in use; older ones stay until `destroy`. Raises KeyringRefused for the blind index."""
        if purpose not in ROTATING:
            raise KeyringRefused("the blind-index key can't be rotated: nobody would be found again")
        new = _new(purpose, now)
        self._change(lambda keys: (*keys, new))
        return new

    def destroy(self, key_ids: Sequence[str]) -> None:
        """Forget older keys for ever. Raises KeyringRefused for a key in use."""
        if {self.newest(purpose).id for purpose in Purpose} & set(key_ids):
            raise KeyringRefused("the key in use can't be destroyed; rotate first")
        self._change(lambda keys: tuple(key for key in keys if key.id not in key_ids))

    def by_id(self, purpose: Purpose, key_id: str) -> Key | None:
        """A key of this purpose by its id; None when it is destroyed, or never was."""
        return next((key for key in self.all(purpose) if key.id == key_id), None)

    def reseal(self) -> None:
        """Put the file under the root that seals now, whichever opened it; whole at every moment."""
        self._change(lambda keys: keys)

    def is_under(self, root: Root) -> bool:
        """Whether this root alone opens the file as it lies there. Raises KeyringRefused when it can't be asked."""
        try:
            root.open(_PLACE, private_bytes(self._file, "keys"))
        except DecryptFailed:
            return False
        return True

    def _add(self, purposes: Collection[Purpose]) -> None:
        now = clock.now()

        def change(keys: tuple[Key, ...]) -> tuple[Key, ...]:
            there = {key.purpose for key in keys}
            return keys + tuple(_new(purpose, now) for purpose in purposes if purpose not in there)

        self._change(change)

    def _kek(self, kek_id: str) -> Key | None:
        return self.by_id(Purpose.KEK, kek_id)

    def _change(self, change: Callable[[tuple[Key, ...]], tuple[Key, ...]]) -> None:
        with _locked(self._file):
            draft.clear(self._file)  # of who was killed: nobody else holds the lock
            changed = change(_read(self._root, self._file))
            _write(self._file, self._root.seal(_PLACE, msgspec.json.encode(_Keys(changed))))
            self._keys = changed


def _new(purpose: Purpose, now: int) -> Key:
    kek = purpose is Purpose.KEK
    secret = _new_signing_key() if purpose is Purpose.ACCESS_TOKEN else secrets.token_bytes(KEY_BYTES)
    return Key(ids.new("kek" if kek else "key"), purpose, now, secret)


def _new_signing_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _private_key(key: Key) -> ec.EllipticCurvePrivateKey:
    private = load_der_private_key(key.secret, password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
        raise KeyringRefused("the access-token key is no P-256 key; rotate it")
    return private


def _stamp(path: Path) -> _Stamp:
    try:
        status = path.stat()
    except OSError:
        raise KeyringRefused(f"{path} can't be read; restore it") from None
    return status.st_mtime_ns, status.st_ino, status.st_size


def _read(root: Root, path: Path) -> tuple[Key, ...]:
    try:
        opened = root.open(_PLACE, private_bytes(path, "keys"))
        keys = msgspec.json.decode(opened, type=_Keys).keys
    except (DecryptFailed, msgspec.MsgspecError):
        raise KeyringRefused(f"{path} was not sealed by this root; restore the pair that belongs together") from None
    if {key.purpose for key in keys} | _ADDED != set(Purpose):
        raise KeyringRefused(f"{path} lacks a key for some purpose; restore it")
    return keys


def _write(path: Path, content: bytes) -> None:
    """Replace a file in one step, private from its first byte, and on the disk when this returns."""
    draft.write(path, content).replace(path)
    draft.sync_folder(path.parent)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.with_name(f".{path.name}.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
