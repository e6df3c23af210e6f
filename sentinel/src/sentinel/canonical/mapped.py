"""A text of which every character knows the span of the original that it stands for.

Guarantees: every span lies inside the original. Building one costs time linear in the text.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

_CACHE = 1024  # lengths of texts; an original's places depend on nothing else


@lru_cache(maxsize=_CACHE)
def places(length: int) -> tuple[range, range]:
    """Where each character of an original begins and ends."""
    return range(length), range(1, length + 1)


class Mapped(NamedTuple):
    """Character i of text stands for the code points starts[i] to ends[i] (exclusive) of the original."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of(cls, text: str) -> "Mapped":
        """The original itself: every character stands for itself."""
        return cls(text, *places(len(text)))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original behind text[start:end]; a decoded text may run backwards, hence min and max."""
        if start >= end:
            return (0, 0)
        return min(self.starts[start:end]), max(self.ends[start:end])

    def with_text(self, text: str) -> "Mapped":
        """The same places under another text of the same length."""
        if len(text) != len(self.text):
            raise ValueError("with_text: lengths differ")
        return Mapped(text, self.starts, self.ends)

    def cut(self, length: int) -> "Mapped":
        """The beginning of the text."""
        if len(self.text) <= length:
            return self
        return Mapped(self.text[:length], self.starts[:length], self.ends[:length])

    def reversed(self) -> "Mapped":
        """The text from its end to its start."""
        return Mapped(self.text[::-1], self.starts[::-1], self.ends[::-1])


class Joined(NamedTuple):
    """Two texts with one space between, read as one. offset: where the second one's original begins in the joined one.

    swapped: the second is read first.
    """

    first: Mapped
    second: Mapped
    offset: int
    swapped: bool = False

    @property
    def text(self) -> str:
        """The joined text."""
        one, other = self._order()
        return f"{one.text} {other.text}"

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the joined originals behind text[start:end]."""
        one, other = self._order()
        cut = len(one.text)
        parts = [(one, start, min(end, cut)), (other, max(start - cut - 1, 0), end - cut - 1)]
        spans = [self._moved(part, part.span(low, high)) for part, low, high in parts if low < high]
        return min(low for low, _ in spans), max(high for _, high in spans)

    def _order(self) -> tuple[Mapped, Mapped]:
        return (self.second, self.first) if self.swapped else (self.first, self.second)

    def _moved(self, part: Mapped, span: tuple[int, int]) -> tuple[int, int]:
        move = self.offset if part is self.second else 0
        return span[0] + move, span[1] + move


class Rewriter:
    """Builds a new Mapped out of an old one, piece by piece from left to right."""

    def __init__(self, source: Mapped) -> None:
        """Starts empty."""
        self._source = source
        self._text: list[str] = []
        self._starts: list[int] = []
        self._ends: list[int] = []

    def keep(self, start: int, end: int) -> None:
        """Takes source.text[start:end] over as it is."""
        self._text.append(self._source.text[start:end])
        self._starts.extend(self._source.starts[start:end])
        self._ends.extend(self._source.ends[start:end])

    def keep_reversed(self, start: int, end: int) -> None:
        """Takes source.text[start:end] over from its end to its start."""
        self._text.append(self._source.text[start:end][::-1])
        self._starts.extend(self._source.starts[start:end][::-1])
        self._ends.extend(self._source.ends[start:end][::-1])

    def put(self, text: str, start: int, end: int) -> None:
        """Writes text where source.text[start:end] stood; every character of it stands for that whole span."""
        first, last = self._source.span(start, end)
        self._text.append(text)
        self._starts.extend([first] * len(text))
        self._ends.extend([last] * len(text))

    def done(self) -> Mapped:
        """What was written."""
        return Mapped("".join(self._text), self._starts, self._ends)
