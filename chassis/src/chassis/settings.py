"""Settings are a frozen value, read once at start from a TOML file.

Guarantees: unknown keys are refused; an error names the key and the fix, never the value; no secret is in a settings
object, only SecretFile paths, which are checked while loading.
Must never: read an environment variable, or echo what somebody wrote.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails

from chassis.errors import StartRefused
from chassis.secret_file import SecretFile
from chassis.tls import TlsFiles

__all__ = ["MAX_SETTINGS", "File", "SecretFile", "Settings", "SettingsRefused", "Tls", "load"]

MAX_SETTINGS = 1_048_576  # bytes; a settings file is a few KiB


class SettingsRefused(StartRefused):
    """Settings that are unreadable or don't validate. Names keys and fixes, no values."""


class Settings(BaseModel):
    """Base of every service's settings and of their parts."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)


def _beside(value: object, info: ValidationInfo) -> object:
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / value if isinstance(value, str | Path) else value


File = Annotated[Path, BeforeValidator(_beside)]  # a relative path counts from the settings file's folder


class Tls(Settings):
    """PEM files of the own leaf and key, and of the authorities whose certificates count."""

    certificate: File
    key: File
    authority: File

    @property
    def files(self) -> TlsFiles:
        """As server and channel take them."""
        return TlsFiles(self.certificate, self.key, self.authority)


_Settings = TypeVar("_Settings", bound=Settings)


def load(cls: type[_Settings], path: Path) -> _Settings:
    """The settings in a TOML file; relative secret paths count from its folder. Raises StartRefused with all faults."""
    try:
        return cls.model_validate(_document(path), context={"folder": path.parent, "check_secrets": True})
    except ValidationError as error:
        lines = [_explain(detail) for detail in error.errors(include_url=False)]
        raise SettingsRefused("The settings are refused. " + " ".join(lines)) from None


def _document(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_SETTINGS + 1)
    except OSError:
        raise SettingsRefused("The settings file cannot be read. Create it, or correct the path.") from None
    if len(raw) > MAX_SETTINGS:
        raise SettingsRefused(f"The settings file is over {MAX_SETTINGS} bytes. Is it the right file?")
    return _parsed(raw)


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(raw.decode())
    except UnicodeDecodeError:
        raise SettingsRefused("The settings file is not UTF-8. Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"at (line \d+, column \d+|end of document)", str(error))
        place = where.group(1) if where else "an unknown place"
        raise SettingsRefused(f"The settings file is not TOML at {place}. Correct it there.") from None


def _explain(detail: ErrorDetails) -> str:
    key = ".".join(str(part) for part in detail["loc"]) or "(the whole file)"
    if detail["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        return f"{key}: nobody knows this key; remove it or correct its spelling."
    if detail["type"] == "missing":
        return f"{key}: is missing; add it."
    return f"{key}: {_without(detail['input'], detail['msg'])}."


def _without(value: object, message: str) -> str:
    """The validator's sentence, unless any part of the value is in it."""
    parts = [str(part) for part in (value.values() if isinstance(value, dict) else [value])]
    if any(part and part in message for part in parts):
        return "has a value that is not allowed; see the documentation of this key"
    return message
