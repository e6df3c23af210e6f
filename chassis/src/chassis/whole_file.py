"""Files that are there as a whole or not at all, whatever happens while they are written."""

import os
from pathlib import Path


def write(path: Path, content: bytes, *, mode: int) -> None:
    """On disk before it has its name; what was there before stays until then. Never open to more than `mode`."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
