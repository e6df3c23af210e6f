"""The root key's file: 32 random bytes that only this user can read, outside the data folder.

On one machine that protects a copied database or backup, not a stolen disk: whoever has both files has everything.
"""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from gateway.vault.envelope import KEY_BYTES
from gateway.vault.errors import KeyringRefused

FILE_MODE: Final = 0o600
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def create(path: Path, *, data_folder: Path) -> bytes:
    """A new root key in a new file. Raises KeyringRefused when there is a file, or the place is in the data folder."""
    _refuse_inside(path, data_folder)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    except OSError:
        raise KeyringRefused(f"no root key can be created at {path}; is there one already?") from None
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


def read(path: Path, *, data_folder: Path) -> bytes:
    """The root key (32 bytes). Raises KeyringRefused for a missing, readable by others, misplaced or wrong file."""
    _refuse_inside(path, data_folder)
    key = private_bytes(path)
    if len(key) != KEY_BYTES:
        raise KeyringRefused(f"{path} does not hold exactly {KEY_BYTES} bytes; restore the root key")
    return key


def private_bytes(path: Path) -> bytes:
    """A file's content, if nobody but its owner may read or write it. Raises KeyringRefused otherwise."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS:
                raise KeyringRefused(f"{path} is open to other users; run: chmod 600 {path}")
            return file.read()
    except OSError:
        raise KeyringRefused(f"{path} can't be read; restore it, or create the keys once at installation") from None


def _refuse_inside(path: Path, data_folder: Path) -> None:
    if path.resolve().is_relative_to(data_folder.resolve()):
        raise KeyringRefused(f"{path} lies in the data folder, so a copy of that folder would open itself; move it out")
