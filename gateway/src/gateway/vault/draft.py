"""A file of keys before it has its name: private from its first byte, on the disk before anybody can find it.

A writer that was killed leaves its draft behind, and a draft holds keys: whoever writes next clears it away.
"""

import os
import secrets
from pathlib import Path
from typing import Final

FILE_MODE: Final = 0o600
_DIGITS: Final = 16  # hexadecimal, at the end of a draft's name


def write(path: Path, content: bytes) -> Path:
    """A draft of `path` beside it, whole on the disk; rename it, or link it where one that is there must stay."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(_DIGITS // 2)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def clear(path: Path) -> None:
    """Deletes the drafts of `path` that are there."""
    for draft in path.parent.glob(f".{path.name}.{'[0-9a-f]' * _DIGITS}"):
        draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """What was made, renamed or deleted in the folder is so on the disk when this returns."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
