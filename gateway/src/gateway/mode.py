"""Whom a gateway works for: Microsoft, or the sandbox that stands in for it; and that nobody mixes the two.

Guarantees: a gateway of the sandbox listens, is published and speaks on loopback alone, as an application whose names
no real one can have; a gateway of Microsoft never speaks to loopback and never goes by such a name. Pure.
"""

from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

MARK: Final = "sandbox"  # in every tenant and client id of the sandbox; Microsoft's are GUIDs, and names without it
HEADER: Final = "x-mail-organiser-mode"
FAR: Final = "mode is sandbox, so this must be on loopback: 127.0.0.1, ::1 or localhost"
NEAR: Final = "mode is microsoft, so this must not be on loopback"
REAL: Final = f"mode is sandbox, so this must have {MARK!r} in it, as no real one has"
MADE_UP: Final = f"mode is microsoft, so this must not have {MARK!r} in it"


class Mode(StrEnum):
    """Shown to everyone: by the status, by metrics, and by every answer of a sandbox."""

    SANDBOX = "sandbox"
    MICROSOFT = "microsoft"


def headers(mode: Mode) -> tuple[tuple[str, str], ...]:
    """What every answer carries so that nobody takes practice for their mail."""
    return ((HEADER, mode.value),) if mode is Mode.SANDBOX else ()


def misplaced(mode: Mode, host: str) -> str | None:
    """What is wrong with speaking to `host` in this mode; None: nothing."""
    if is_loopback(host) == (mode is Mode.SANDBOX):
        return None
    return FAR if mode is Mode.SANDBOX else NEAR


def misnamed(mode: Mode, name: str) -> str | None:
    """What is wrong with this tenant or client id; None: nothing."""
    if (MARK in name) == (mode is Mode.SANDBOX):
        return None
    return REAL if mode is Mode.SANDBOX else MADE_UP


def host_of(url: str) -> str:
    """The host of an address, "" when there is none."""
    return urlsplit(url).hostname or ""


def is_loopback(host: str) -> bool:
    """Whether it is this machine, by an address or the one name that can't be made to mean another."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
