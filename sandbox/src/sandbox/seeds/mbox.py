"""Heads of the messages of an mbox: cuts a stream at its "From " lines and keeps only what stands before a body.

Guarantees: at most two chunks are held, whatever the size of a message; "From " lines count when they carry a date,
with or without a blank line before them, so that text of a body ("From now on ...") cuts nothing; LF and CRLF both
work. Never decodes, never holds an attachment.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import IO, NamedTuple

CHUNK = 1 << 20  # bytes read at a time; larger ones gain nothing measurable
MAX_HEAD = 1 << 18  # bytes kept of a message; Exchange Online refuses headers over 256 KB
_MAX_LINE = 2048  # bytes a separator and the line that follows may take; RFC 5322 allows 998 a line

# "From sender Thu Aug 22 12:36:23 2002", and with the zone before the year as Takeout writes it, or a named zone.
_DATED = re.compile(
    rb"\nFrom (?:[^\n]{0,998}?[ \t])?(?P<date>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +"
    rb"(?:[A-Z][a-z]{2} +\d{1,2}|\d{1,2} +[A-Z][a-z]{2}(?: +\d{4})?)"
    rb" +\d{1,2}:\d{2}(?::\d{2})?[^\n]{0,40}?)[ \t]*\r?\n",
)
_UNDATED = re.compile(rb"\nFrom [^\s@]+@[^\s@]+[ \t]*\r?\n")
_HEADER_LINE = re.compile(rb">?[!-9;-~]{1,128}[ \t]*:")
_BLANK_BEFORE = (b"\n", b"\n\r")


class Head(NamedTuple):
    """The first bytes of a message, and the date of delivery that its separator or file name gave ("" for none)."""

    text: bytes
    delivered: str = ""


class _Separator(NamedTuple):
    start: int  # of the line end before "From "
    end: int  # of the separator: where the message begins
    delivered: str


def heads(stream: IO[bytes]) -> Iterator[Head]:
    """One Head a message, in the order of the file. Raises what the stream raises."""
    window = _Window(stream)
    while (separator := window.seek()) is not None:
        yield Head(window.head(), separator.delivered)


class _Window:
    """A view that slides over the stream. `_at` is where the search goes on, and all before it is forgotten."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        first = stream.read(len(BOM_UTF8)).removeprefix(BOM_UTF8)
        self._text = b"\n\n" + first  # so that the first separator, too, follows a blank line
        self._at = 0
        self._ended = False

    def seek(self) -> _Separator | None:
        """Moves behind the next separator and returns it; None at the end of the stream."""
        while (found := self._find(self._at, len(self._text))) is None and not self._ended:
            self._slide(max(self._at, len(self._text) - _MAX_LINE))
        if found is not None:
            self._at = found.end - 1  # keeps the line end that the next separator may follow
        return found

    def head(self) -> bytes:
        """What stands between the last separator and the next one, at most MAX_HEAD bytes."""
        while not self._ended and len(self._text) - self._at < MAX_HEAD + _MAX_LINE:
            self._slide(self._at)
        stop = min(len(self._text), self._at + MAX_HEAD)
        following = self._find(self._at, stop)
        return self._text[self._at + 1 : following.start + 1 if following else stop]

    def _slide(self, keep_from: int) -> None:
        chunk = self._stream.read(CHUNK)
        self._ended = not chunk
        self._text = self._text[keep_from:] + chunk
        self._at = 0

    def _find(self, start: int, stop: int) -> _Separator | None:
        at = self._text.find(b"\nFrom ", start, stop)
        while at >= 0:
            separator = self._separator(at)
            if separator is not None:
                return separator
            at = self._text.find(b"\nFrom ", at + 1, stop)
        return None

    def _separator(self, at: int) -> _Separator | None:
        dated = _DATED.match(self._text, at)
        line = dated or _UNDATED.match(self._text, at)
        if line is None:
            return None
        after_blank = self._text.endswith(_BLANK_BEFORE, max(at - 2, 0), at)
        before_header = _HEADER_LINE.match(self._text, line.end()) is not None
        if not (before_header or (dated and after_blank)):
            return None
        return _Separator(at, line.end(), dated["date"].decode("ascii", "replace") if dated else "")
