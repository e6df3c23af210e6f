"""A sender's address, read so strictly that a rule may compare it. Pure.

A stranger wrote it, so it is taken only in the one shape that has no second reading (RFC 5322's dot-atom at a domain
of plain labels), in ASCII, with nothing evened out but ASCII case. Quotes, comments, trailing dots, address literals,
dotless hosts and letters beyond ASCII have no form: such mail matches no rule, and no rule can be made of it. An
international domain has one in its encoded form (xn--), compared to the letter.
"""

import re
from dataclasses import dataclass, field
from typing import Final

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_MOST: Final = 254  # characters of an address; RFC 5321, erratum 1690
_MOST_LOCAL: Final = 64
_MOST_DOMAIN: Final = 253
_LOCAL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(
    rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}"
)  # a last label of digits makes it an address literal


@dataclass(frozen=True, slots=True)
class Address:
    """text: in lower case; domain: its part behind the @."""

    text: str = field(repr=False)
    domain: str = field(repr=False)


def address(text: str | None) -> Address | None:
    """The address in its one form; None when it has none."""
    if text is None or len(text) > _MOST or not text.isascii():
        return None
    local, at, host = text.lower().rpartition("@")
    whole = at and len(local) <= _MOST_LOCAL and _LOCAL.fullmatch(local) and domain(host)
    return Address(f"{local}@{host}", host) if whole else None


def domain(text: str) -> str | None:
    """The domain in lower case; None when it is none of at least two plain labels."""
    if len(text) > _MOST_DOMAIN or not text.isascii() or not _DOMAIN.fullmatch(text.lower()):
        return None
    return text.lower()
