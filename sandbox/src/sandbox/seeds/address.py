"""Mailboxes of a From, To or Cc field.

Guarantees: total and linear: quotes that never close, nested comments and groups give what can be told, at worst one
mailbox made of the whole field. Never resolves, checks, decodes or corrects an address.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from sandbox.seeds.header_text import shown, whole

# Quoted string, angle address, a single delimiter, or a stretch without any. Unclosed quotes and angles run to the end.
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"?|<([^<>]*)>?|([(),;:])|([^"<(),;:]+)|(.)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Address(NamedTuple):
    """A display name ("" when there was none) and an address ("" when there was none)."""

    name: str
    address: str


def addresses(field: str) -> Iterator[Address]:
    """The mailboxes of a field in order; a group's name is no mailbox, a comma in a name ends none."""
    if not field:
        return
    grouped = ";" in field
    parts = _Parts()
    for quoted, angle, delimiter, plain, other in _TOKEN.findall(field):
        if parts.in_comment(delimiter):
            parts.comment.append(quoted or angle or plain or other)
        elif delimiter == ":" and grouped:
            parts = _Parts()
        elif delimiter == ";" or (delimiter == "," and parts.has_address()):
            yield from parts.address()
            parts = _Parts()
        else:
            parts.add(_ESCAPED.sub(r"\1", quoted), angle, plain or delimiter or other)
    yield from parts.address()


class _Parts:
    """What was read of one mailbox so far."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._depth = 0
        self._angle = ""
        self._has_at = False
        self.comment: list[str] = []

    def in_comment(self, delimiter: str) -> bool:
        """Whether the token is a comment's, its parentheses included. Comments nest."""
        inside = self._depth > 0
        self._depth += (delimiter == "(") - (delimiter == ")" and inside)
        return inside or delimiter == "("

    def add(self, quoted: str, angle: str, plain: str) -> None:
        self._angle = self._angle or angle.strip()
        self._has_at = self._has_at or "@" in plain
        self._words.append(quoted or plain)

    def has_address(self) -> bool:
        return bool(self._angle) or self._has_at

    def address(self) -> Iterator[Address]:
        words, comment = _tidy("".join(self._words)), _tidy("".join(self.comment))
        last = words.rpartition(",")[2].strip()
        if self._angle:
            name = f"{words} ({comment})" if words and comment else words or comment
            yield Address(shown(name), whole(self._angle))
        elif "@" in last and " " not in last:
            yield Address(shown(comment), whole(last))
        elif words:
            yield Address(shown(words), "")


def _tidy(text: str) -> str:
    return " ".join(text.split())
