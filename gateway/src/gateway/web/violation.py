"""What a browser reports of our content security policy: which directive was violated, and nothing else of it.

Guarantees: a report's addresses, samples and names of scripts are decoded into nothing; a directive that the policy
does not know is `other`, so a stranger can't invent one. Pure.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

MAX_BYTES: Final = 16 * 1024  # browsers send a few reports of 1 KiB at once


class Directive(StrEnum):
    """Those of our policy, as reports name the effective one."""

    DEFAULT = "default-src"
    SCRIPT = "script-src"
    SCRIPT_ELEMENT = "script-src-elem"
    SCRIPT_ATTRIBUTE = "script-src-attr"
    STYLE = "style-src"
    STYLE_ELEMENT = "style-src-elem"
    STYLE_ATTRIBUTE = "style-src-attr"
    IMAGE = "img-src"
    CONNECT = "connect-src"
    BASE = "base-uri"
    FORM = "form-action"
    FRAME = "frame-ancestors"
    TRUSTED_TYPES_FOR = "require-trusted-types-for"
    TRUSTED_TYPES = "trusted-types"
    OTHER = "other"


class _Old(msgspec.Struct, rename="kebab"):
    """report-uri: `violated_directive` may be followed by its sources."""

    violated_directive: str = ""
    effective_directive: str = ""


class _OldReport(msgspec.Struct, rename="kebab"):
    csp_report: _Old


class _New(msgspec.Struct, rename="camel"):
    effective_directive: str = ""


class _NewReport(msgspec.Struct):
    """report-to: an endpoint gets reports of other kinds too."""

    type: str
    body: _New | None = None


def _old(body: bytes) -> list[str]:
    report = msgspec.json.decode(body, type=_OldReport).csp_report
    return [report.effective_directive or report.violated_directive]


def _new(body: bytes) -> list[str]:
    reports = msgspec.json.decode(body, type=list[_NewReport])
    return [one.body.effective_directive for one in reports if one.type == "csp-violation" and one.body is not None]


READERS: Final[Mapping[str, Callable[[bytes], list[str]]]] = {
    "application/csp-report": _old,
    "application/reports+json": _new,
}
_KNOWN: Final = frozenset(Directive)


class Unreadable(Exception):
    """It is no report of this kind."""


def directives(media_type: str, body: bytes) -> list[Directive]:
    """One for each violation; KeyError for a media type that is not in READERS, Unreadable for what is no report."""
    read = READERS[media_type]
    try:
        return [_directive(named) for named in read(body)]
    except (msgspec.MsgspecError, RecursionError):
        raise Unreadable from None


def _directive(named: str) -> Directive:
    first = named.partition(" ")[0]
    return Directive(first) if first in _KNOWN else Directive.OTHER
