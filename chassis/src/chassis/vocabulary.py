"""The kinds of value that may leave a process in a log line or a span: closed shapes, in which mail text cannot hide.

Guarantees: whatever does not match its kind exactly comes out as REFUSED. Pure.
Must never: accept a space, a capital letter in a free token, an @ or anything outside ASCII.
"""

import math
import re
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from types import TracebackType

REFUSED = "[refused]"
MAX_INTEGER = 2**63  # what every collector can hold
Plain = str | int | float | bool | None
_SEGMENT = r"/([a-z0-9_.-]{1,40}|\{[a-z_]{1,30}\})"
_RPC = r"[A-Za-z0-9_.]{1,100}/[A-Za-z0-9_]{1,60}"


class Kind(Enum):
    """A shape. TYPE takes an exception class, POSITION a traceback: things that no text can pretend to be."""

    EVENT = r"(?=.{3,64}$)[a-z][a-z0-9_]*(\.[a-z0-9_]+)+"  # scan.finished
    ID = r"[a-z]{3}_[A-Za-z0-9_-]{1,64}"  # run_3kTMd9
    TOKEN = r"[a-z][a-z0-9_]{0,39}"  # noqa: S105  # a shape, no secret: quota_exceeded
    CODE = r"[A-Z][A-Z_]{1,31}"  # NOT_FOUND, GET
    METHOD = rf"/?{_RPC}|unknown"  # mail_organiser.sentinel.v1.SentinelService/Inspect
    ROUTE = rf"({_SEGMENT}){{1,10}}|/"  # /api/v1/mailboxes/{mailbox_id}
    SPAN = rf"[A-Z]{{3,7}} ({_SEGMENT}){{1,10}}|{_RPC}|[a-z0-9_]{{1,40}}(\.[a-z0-9_]{{1,40}}){{1,3}}|unknown"
    NAME = r"(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?"  # gateway.mail-organiser.internal
    LOGGER = r"[A-Za-z_][A-Za-z0-9_.]{0,79}"  # sqlalchemy.engine
    HEX = r"[0-9a-f]{1,128}"  # trace ids, hashes
    VERSION = r"[0-9]{1,6}(\.[0-9]{1,6}){1,3}"  # 1.4.0
    NUMBER = "number"
    TIME = "time"
    TYPE = "type"
    POSITION = "position"


def admit(kind: Kind, value: object) -> Plain:
    """The value as it may be written, or REFUSED. None stays None."""
    if value is None:
        return None
    check = _CHECKS.get(kind)
    if check is not None:
        return check(value)
    return str(value) if isinstance(value, str) and re.fullmatch(kind.value, value, re.ASCII) else REFUSED


def _number(value: object) -> Plain:
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < MAX_INTEGER:
        return int(value)
    return float(value) if isinstance(value, float) and math.isfinite(value) else REFUSED


def _time(value: object) -> Plain:
    return value.isoformat() if isinstance(value, datetime) else REFUSED


def _type(value: object) -> Plain:
    if isinstance(value, type) and issubclass(value, BaseException):
        return admit(Kind.LOGGER, value.__name__)
    return REFUSED


def _position(value: object) -> Plain:
    """module:line of the innermost frame."""
    if not isinstance(value, TracebackType):
        return REFUSED
    while value.tb_next is not None:
        value = value.tb_next
    module = admit(Kind.LOGGER, value.tb_frame.f_globals.get("__name__", ""))
    return f"{module}:{value.tb_lineno}"


_CHECKS: dict[Kind, Callable[[object], Plain]] = {
    Kind.NUMBER: _number,
    Kind.TIME: _time,
    Kind.TYPE: _type,
    Kind.POSITION: _position,
}
