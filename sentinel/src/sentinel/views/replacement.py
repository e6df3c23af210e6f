"""A stretch of a text and what it says when decoded."""

from collections.abc import Sequence
from typing import NamedTuple

from sentinel.canonical.mapped import Mapped, Rewriter


class Replacement(NamedTuple):
    """source[start:end] reads as text."""

    start: int
    end: int
    text: str


def replaced(mapped: Mapped, replacements: Sequence[Replacement]) -> Mapped:
    """The text with each replacement in its place, stretches with blanks around; they stand in order, none overlaps."""
    rewriter, place = Rewriter(mapped), 0
    for start, end, text in replacements:
        rewriter.keep(place, start)
        rewriter.put(f" {text} " if len(text) > 1 else text, start, end)
        place = end
    rewriter.keep(place, len(mapped.text))
    return rewriter.done()
