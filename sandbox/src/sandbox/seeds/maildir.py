"""The names that a Maildir uses: folders, flags and times of delivery.

Guarantees: total: a name that follows no rule is taken as it stands. Never opens a message.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from sandbox.seeds.header_text import whole
from sandbox.seeds.reading import LeftOut

_DELIVERIES = ("cur", "new")  # tmp holds what is still being delivered
_FLAGS = re.compile(r"[:;!]2,([A-Za-z]*)$")  # ";" and "!" stand for ":" where a file system can't hold it
_SECONDS = re.compile(r"(\d{1,11})\.")
_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")


def is_maildir(folder: Path) -> bool:
    """A directory with cur; new and tmp are lost when an empty one was copied by a tool that keeps files only."""
    return (folder / "cur").is_dir()


def files(folder: Path) -> Iterator[Path]:
    """The messages of one Maildir, its subfolders' left out, in the order of their names."""
    for delivery in _DELIVERIES:
        if (folder / delivery).is_dir():
            yield from sorted(path for path in (folder / delivery).iterdir() if path.name[:1] != ".")


def folder_parts(name: str) -> list[str]:
    """The path that a Maildir++ subfolder's name stands for: ".Clients.North" is Clients, North."""
    return [_decoded(part) for part in name.split(".") if part]


def left_out(path: Path) -> LeftOut | None:
    """Whether the flags in a message's name say that it is no received mail: D is a draft, T is in the trash."""
    found = _FLAGS.search(path.name)
    flags = found[1] if found else ""
    if "T" in flags:
        return LeftOut.TRASH
    return LeftOut.DRAFT if "D" in flags else None


def delivered(path: Path) -> str:
    """The time of delivery that a message's name begins with, as a header's date, or ""."""
    found = _SECONDS.match(path.name)
    if found is None:
        return ""
    try:
        return format_datetime(datetime.fromtimestamp(int(found[1]), UTC))
    except (ValueError, OverflowError, OSError):  # what the platform raises for a time it can't hold
        return ""


def _decoded(part: str) -> str:
    return whole(_SHIFTED.sub(lambda match: _shifted(match[1]), part))


def _shifted(digits: str) -> str:
    # Modified UTF-7 (RFC 3501 5.1.3): "&" shifts into UTF-16 in base64 with "," for "/"; "&-" is "&".
    if not digits:
        return "&"
    usable = digits[: len(digits) - 1] if len(digits) % 4 == 1 else digits
    raw = b64decode(usable.replace(",", "/") + "=" * (-len(usable) % 4))
    return raw[: len(raw) // 2 * 2].decode("utf-16-be", "replace")
