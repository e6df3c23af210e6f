"""How much letters read like words of a language that is written in Latin letters."""

import re
from collections.abc import Iterable
from string import ascii_lowercase, ascii_uppercase
from typing import NamedTuple

import ahocorasick_rs

from sentinel.views.trigram import BACKWARDS, COMMON, ODD

MAX_WORDS = 256  # of a text that are weighed
LEAST_SHARE = 0.6  # of a word's trigrams that are common; honest words have 0.7 to 0.8, rotated ones 0.2
_LEAST_ODD = (
    3  # trigrams in a text that may be rotated or reversed, whole words twice; 1 in 200 honest ones has as many
)
_SPARSE = 128  # code points; in long texts honest ones are this far apart at least
_WORD = re.compile(r"[a-z]{2,}")
_AUTOMATA = tuple(
    ahocorasick_rs.AhoCorasick(sorted(found), implementation=ahocorasick_rs.Implementation.DFA, store_patterns=False)
    for found in (COMMON, ODD | {f" {word}{end}" for word in BACKWARDS for end in ("", " ")})
)
_COMMON, _ODD = _AUTOMATA
ROTATION = str.maketrans(
    ascii_lowercase + ascii_uppercase,
    ascii_lowercase[13:] + ascii_lowercase[:13] + ascii_uppercase[13:] + ascii_uppercase[:13],
)  # rot13


def common(word: str) -> int:
    """How many of the trigrams of a word, its edges included, are common: at most as many as it has letters."""
    return len(_COMMON.find_matches_as_indexes(f" {word} ", overlapping=True))


def is_fluent(word: str) -> bool:
    """True for what may well be a word."""
    return common(word) >= LEAST_SHARE * len(word)


def odd_part(text: str) -> str:
    """The cheap trigger: the words from the first to the last that reads oddly; nothing, where few do."""
    found = _ODD.find_matches_as_indexes(f" {text} ", overlapping=True)
    if len(found) < _LEAST_ODD or len(found) * _SPARSE < len(text):
        return ""
    return _with_neighbours(text, max(found[0][1] - 1, 0), min(found[-1][2] - 1, len(text)))


def _with_neighbours(text: str, start: int, end: int) -> str:
    """The words that text[start:end] touches, and one more on each side."""
    first = text.rfind(" ", 0, max(text.rfind(" ", 0, start), 0)) + 1
    blank = text.find(" ", end)
    last = text.find(" ", blank + 1) if blank >= 0 else -1
    return text[first : last if last >= 0 else len(text)]


class Gains(NamedTuple):
    """How much better a text reads when its letters are rotated by 13, and from its end to its start."""

    rotated: int
    backwards: int


def gains(text: str) -> Gains:
    """The gains of the stretch of the text that gains most, in each direction."""
    found = [_gains(word[0]) for word, _ in zip(_WORD.finditer(text), range(MAX_WORDS), strict=False)]
    return Gains(_best_stretch(one.rotated for one in found), _best_stretch(one.backwards for one in found))


def _gains(word: str) -> Gains:
    plain = common(word)
    return Gains(common(word.translate(ROTATION)) - plain, common(word[::-1]) - plain)


def _best_stretch(gains: Iterable[int]) -> int:
    """The largest sum of neighbours (Kadane's algorithm): honest words around a payload don't hide it."""
    best = total = 0
    for gain in gains:
        total = max(0, total + gain)
        best = max(best, total)
    return best
