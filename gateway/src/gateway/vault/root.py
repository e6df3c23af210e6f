"""The root: the one key that opens the keys file, wherever it is kept. Here in a file, in gateway.vault.hsm elsewhere.

In a file, it is 32 random bytes that only this user (or a mounted secret's group) can read, outside the data folder. On
one machine that protects a copied database or backup, not a stolen disk: whoever has both files has everything.
"""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from chassis.secret_file import SecretRefused, read_private
from gateway.vault import draft, envelope
from gateway.vault.envelope import KEY_BYTES
from gateway.vault.errors import KeyringRefused

_ID: Final = "root"


class Root(Protocol):
    """What the keyring needs. KeyringRefused when the root can't be reached, DecryptFailed for what it did not seal."""

    def prepare(self) -> None:
        """At installation: make the key where ours to make and absent."""
        ...

    def seal(self, place: Sequence[str], plaintext: bytes) -> bytes:
        """`plaintext` for this place."""
        ...

    def open(self, place: Sequence[str], sealed: bytes) -> bytes:
        """What was sealed for this place."""
        ...


class SingleRoot(Root, Protocol):
    """A root that is one key, and so can end."""

    def destroy(self) -> None:
        """End the key for ever; one that is gone stays gone. KeyringRefused when that can't be done from here."""
        ...


class FileRoot:
    """The root in a file: made by us, or mounted by an orchestrator from its store of secrets."""

    def __init__(self, path: Path, *, data_folder: Path) -> None:
        """Raises KeyringRefused for a place in the data folder: a copy of that folder would open itself."""
        if path.resolve().is_relative_to(data_folder.resolve()):
            raise KeyringRefused(
                f"{path} lies in the data folder, so a copy of that folder would open itself; move it out"
            )
        self._path = path

    def prepare(self) -> None:
        """32 random bytes in a new file, whole or not at all; one that is there stays."""
        try:
            draft.clear(self._path)
            if not self._path.exists():
                self._make()
        except OSError:
            raise KeyringRefused(f"no root key can be created at {self._path}; is its folder there?") from None

    def _make(self) -> None:
        made = draft.write(self._path, secrets.token_bytes(KEY_BYTES))
        with suppress(FileExistsError):  # another process came first: its key stays
            self._path.hardlink_to(made)
        made.unlink()
        draft.sync_folder(self._path.parent)

    def seal(self, place: Sequence[str], plaintext: bytes) -> bytes:
        """Under the file's key as it is now."""
        return envelope.seal(self._key(), _ID, place, plaintext)

    def open(self, place: Sequence[str], sealed: bytes) -> bytes:
        """Under the file's key as it is now."""
        return envelope.open(self._key(), place, sealed)

    def destroy(self) -> None:
        """Deletes the file. Raises KeyringRefused where it is mounted, not ours to delete."""
        try:
            draft.clear(self._path)
            self._path.unlink(missing_ok=True)
            draft.sync_folder(self._path.parent)
        except OSError:
            raise KeyringRefused(
                f"{self._path} can't be deleted from here; delete it where it is mounted from"
            ) from None

    def _key(self) -> bytes:
        key = private_bytes(self._path, "root_key")
        if len(key) != KEY_BYTES:
            raise KeyringRefused(f"{self._path} does not hold exactly {KEY_BYTES} bytes; restore the root key")
        return key


def private_bytes(path: Path, key: str) -> bytes:
    """A secret file's content; key: its setting. KeyringRefused when it is missing or not private."""
    try:
        return read_private(path, key)
    except SecretRefused as refused:
        raise KeyringRefused(f"{refused} If it is lost, restore it: a new one opens nothing that was sealed.") from None
