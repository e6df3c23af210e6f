"""A secret is a path; the secret itself is read where it is used, and kept nowhere else.

Guarantees: nobody but the owner may read the file (or root's group, as mounted secrets of orchestrators have it, when
this process is not root); the path is in no repr and no error, because people do paste secrets where paths belong.
"""

import os
import stat
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from chassis.errors import StartRefused

MAX_SECRET = 65_536  # bytes; keys and certificates are a few KiB
_DATES = "A .dates file beside a secret can't be read. It holds made_at and ends_at, dates in TOML, and nothing else."


class SecretRefused(StartRefused):
    """A secret file that is missing, empty, too big or open to others."""


class Dates(NamedTuple):
    """When a secret was made and when it ends, UTC. made_by: operator, or file (when it was changed last)."""

    made_at: datetime | None = None
    ends_at: datetime | None = None
    made_by: str | None = None


class SecretFile:
    """A path whose content is secret. key: the setting that names it, for errors."""

    __slots__ = ("_path", "key")

    def __init__(self, path: Path, key: str = "secret") -> None:
        """The file is looked at by read(), not here."""
        self._path = path
        self.key = key

    def read(self) -> bytes:
        """The content, at most MAX_SECRET bytes; SecretRefused says what to do."""
        return read_private(self._path, self.key)

    def text(self) -> str:
        """The content as UTF-8 without the line end that editors leave."""
        try:
            return self.read().decode().strip()
        except UnicodeDecodeError:
            raise SecretRefused(f"{self.key}: the secret file is not text. Write it as UTF-8.") from None

    def dates(self) -> Dates:
        """When it was made and when it ends, as dates_of tells."""
        return dates_of(self._path)

    def __repr__(self) -> str:
        """No path, no content."""
        return f"SecretFile({self.key})"

    def __eq__(self, other: object) -> bool:
        """By path."""
        return isinstance(other, SecretFile) and self._path == other._path

    def __hash__(self) -> int:
        """By path."""
        return hash(self._path)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A string in the settings file; a relative path counts from that file's folder."""
        return core_schema.with_info_plain_validator_function(cls._validated)

    @classmethod
    def _validated(cls, value: object, info: ValidationInfo) -> "SecretFile":
        if isinstance(value, cls):
            return value
        if not isinstance(value, str | Path) or not str(value):
            raise ValueError("must be the path of a file that holds the secret")
        context: dict[str, Any] = info.context or {}
        found = cls(context.get("folder", Path()) / value, info.field_name or "secret")
        if context.get("check_secrets"):
            found.read()
        return found


def dates_of(path: Path) -> Dates:
    """What FILE.dates beside it says (TOML: made_at, ends_at), otherwise the file's time of change.

    SecretRefused for a .dates file that holds anything else: a date that is not understood would warn nobody.
    """
    noted = path.with_name(f"{path.name}.dates")
    try:
        told = tomllib.loads(noted.read_text(encoding="utf-8")) if noted.exists() else {}
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return Dates()
    except (OSError, ValueError):
        raise SecretRefused(_DATES) from None
    moments = {name: _moment(value) for name, value in told.items()}
    if not set(moments) <= {"made_at", "ends_at"}:
        raise SecretRefused(_DATES)
    made = moments.get("made_at")
    return Dates(made or changed, moments.get("ends_at"), "file" if made is None else "operator")


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise SecretRefused(_DATES)


def read_private(path: Path, key: str) -> bytes:
    """Opens once and judges what it opened, so that nobody can swap the file between the check and the use."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        raise SecretRefused(f"{key}: the secret file cannot be opened. Create it, or correct the path.") from None
    try:
        _check_private(os.fstat(descriptor), key)
        content = os.read(descriptor, MAX_SECRET + 1)
    finally:
        os.close(descriptor)
    if not 0 < len(content) <= MAX_SECRET:
        raise SecretRefused(
            f"{key}: the secret file is empty or over {MAX_SECRET} bytes. Write the secret alone into it."
        )
    return content


def _check_private(status: os.stat_result, key: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SecretRefused(f"{key}: the path of the secret is not a regular file. Correct the path.")
    group = stat.S_IRGRP if status.st_uid == 0 and os.geteuid() != 0 else 0
    if stat.S_IMODE(status.st_mode) & 0o077 & ~group:
        raise SecretRefused(f"{key}: the secret file is open to group or others. Run chmod 600 on it.")
