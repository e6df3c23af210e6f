"""Stacks of combining marks ("zalgo") cut down to what languages use.

Guarantees: at most MAX_MARKS marks follow a character, so that normalising, whose reordering of marks is quadratic in
CPython, stays linear. Must run before any normalising.
"""

import re
from unicodedata import combining

from sentinel.canonical.mapped import Mapped, Rewriter

MAX_MARKS = 4  # Vietnamese and pointed Hebrew use up to three
_JAMO = range(0x1160, 0x1200)  # vowels and tails of decomposed Hangul: they join what stands before
_ANY_JAMO = re.compile("[\u1160-\u11ff]")
_CLASSES = bytes([0]) + bytes([1]) * 255  # combining classes to: joins or not
_TOO_HIGH = bytes([1]) * (MAX_MARKS + 1)


def joins(character: str) -> bool:
    """True when a character composes with the one before it."""
    return combining(character) != 0 or ord(character) in _JAMO


def cut_stacks(mapped: Mapped) -> Mapped:
    """Drops every mark beyond MAX_MARKS in a row."""
    if mapped.text.isascii() or not _may_be_high(mapped.text):
        return mapped
    kept = _kept(mapped.text)
    if len(kept) == len(mapped.text):
        return mapped
    rewriter = Rewriter(mapped)
    for index in kept:
        rewriter.keep(index, index + 1)
    return rewriter.done()


def _may_be_high(text: str) -> bool:
    return _TOO_HIGH in bytes(map(combining, text)).translate(_CLASSES) or _ANY_JAMO.search(text) is not None


def _kept(text: str) -> list[int]:
    kept, height = [], 0
    for index, character in enumerate(text):
        height = height + 1 if joins(character) else 0
        if height <= MAX_MARKS:
            kept.append(index)
    return kept
