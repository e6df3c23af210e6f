"""Long texts in overlapping pieces, so that honest padding can't water an attack down."""

from typing import NamedTuple

LONGEST = 160  # code points; nine in ten subjects are shorter, an attack in a subject rarely needs more
STRIDE = 80  # an attack of this length lies whole in one piece, wherever it begins


class Window(NamedTuple):
    """A piece of a text and where it begins."""

    start: int
    text: str


def windows(text: str) -> list[Window]:
    """The text itself, or its pieces; none of a text that is blank. Time linear in the text."""
    if not text or text.isspace():
        return []
    if len(text) <= LONGEST:
        return [Window(0, text)]
    return [Window(start, text[start : start + LONGEST]) for start in range(0, len(text) - LONGEST + STRIDE, STRIDE)]
