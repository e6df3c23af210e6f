"""What the sandbox needs to know, read once from a TOML file into a frozen value.

Refuses an unknown key, a missing key, an address that is not loopback, and a tenant or a client that could be
real ones: this program hands out tokens to whoever asks. Never holds a secret: secrets are paths.
"""

import dataclasses
import ipaddress
import tomllib
import types
import typing
from pathlib import Path
from typing import Any

LOOPBACK_NAME = "localhost"
HIGHEST_PORT = 65_535  # TCP's
MARK = "sandbox"  # in every issuer and audience of ours, so that no token of the sandbox passes for a real one


class InvalidSettings(Exception):
    """The settings file can't be used; the message says which key and what to do."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The sandbox's settings. Relative paths are taken from the folder of the settings file.

    `port` 0 lets the system choose. `seed` is "sample", or an absolute path that the seed readers know, or "" for an
    empty mailbox; it is used when the database holds no message yet. A client with `client_secret` or with
    `client_certificate` (PEM) is confidential, with neither it is public. `user`
    is the principal who signs in by default; each of `more_users` has a mailbox of its own, empty at first. `personal`
    makes all of them personal accounts.
    """

    host: str
    port: int
    certificate: Path
    key: Path
    database: Path
    control_token: Path
    tenant_id: str
    client_id: str
    redirect_uris: tuple[str, ...]
    user: str
    more_users: tuple[str, ...] = ()
    seed: str = ""
    client_secret: Path | None = None
    client_certificate: Path | None = None
    personal: bool = False
    access_token_seconds: int = 3600
    service_milliseconds: int = 5
    request_budget: int = 10_000
    request_window_seconds: float = 600.0


def load(path: Path) -> Settings:
    """The settings in the TOML file `path`; InvalidSettings says what is wrong with them."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSettings(
            f"{path} can't be read as TOML ({type(error).__name__}); check the path and the syntax"
        ) from None
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    _refuse_wrong_keys(table, fields)
    types_by_name = typing.get_type_hints(Settings)
    values: dict[str, Any] = {name: _value(name, raw, types_by_name[name], path.parent) for name, raw in table.items()}
    settings = Settings(**values)
    _refuse_danger(settings)
    return settings


def _refuse_wrong_keys(table: dict[str, object], fields: dict[str, dataclasses.Field[Any]]) -> None:
    for name in table:
        if name not in fields:
            raise InvalidSettings(f"{name!r} is no setting of the sandbox; remove it")
    for name, field in fields.items():
        if name not in table and field.default is dataclasses.MISSING:
            raise InvalidSettings(f"{name!r} is missing; add it")


def _value(name: str, raw: object, wanted: Any, folder: Path) -> object:
    if isinstance(wanted, types.UnionType):
        wanted = typing.get_args(wanted)[0]
    if wanted is Path and isinstance(raw, str):
        return folder / raw
    if typing.get_origin(wanted) is tuple and isinstance(raw, list) and all(isinstance(one, str) for one in raw):
        return tuple(raw)
    if wanted is float and type(raw) is int:
        return float(raw)
    if type(raw) is wanted:
        return raw
    raise InvalidSettings(f"{name!r} has the wrong type; it must be {getattr(wanted, '__name__', wanted)}")


def _refuse_danger(settings: Settings) -> None:
    if not is_loopback(settings.host):
        raise InvalidSettings(
            "'host' is not loopback; the sandbox gives tokens to anyone, so it must be 127.0.0.1, ::1 or localhost"
        )
    for name in ("tenant_id", "client_id"):
        value = getattr(settings, name)
        if MARK not in value or "/" in value:
            raise InvalidSettings(
                f"{name!r} must contain {MARK!r} and no slash, so that nobody takes it for a real one"
            )
    if settings.client_secret and settings.client_certificate:
        raise InvalidSettings("'client_secret' and 'client_certificate' exclude each other; keep one")
    for name in ("access_token_seconds", "request_budget", "request_window_seconds"):
        if getattr(settings, name) <= 0:
            raise InvalidSettings(f"{name!r} must be positive")
    if not 0 <= settings.port <= HIGHEST_PORT or settings.service_milliseconds < 0:
        raise InvalidSettings(f"'port' must be 0 to {HIGHEST_PORT}, 'service_milliseconds' not negative")


def is_loopback(host: str) -> bool:
    """Whether `host` is "localhost" or a loopback address. Other names are refused: what they resolve to can change."""
    if host == LOOPBACK_NAME:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
