"""What the learned detector sees of a text: hashed n-grams of letters, words, concepts and of its shape.

Guarantees: whole numbers only, so the same text has the same features on every machine; time and memory linear in the
texts; many texts are read in one go, because numpy pays once a call.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from sentinel.lexicon.reader import LexiconReader, Tokens, true_places
from sentinel.rules.matcher import all_words, words

VERSION = 2  # of the features: weights made for another one are refused
SLOTS_LOG2 = 19  # a table of 2^19 weights; 2^18 loses 2 points of recall at 0.1 % false positives, 2^20 gains none
LETTERS = (2, 3, 4, 5)  # code points of a letter n-gram
SHAPES = (3, 4, 5, 6)  # places of a shape n-gram
NEAR, FAR = 3, 10  # concepts: of so many a pair is near; what is further apart than FAR is no pair
_GOLDEN = np.uint32(0x9E3779B1)  # Knuth's multiplicative constant for 32 bits
_MIX = np.uint32(0x85EBCA6B)  # from MurmurHash3's finaliser
_DIGITS = str.maketrans("123456789", "000000000")  # a number is a number: its digits would only be noise
_BLANK, _BREAK = 0x20, 0  # between words, between texts

Slots = NDArray[np.uint32]
_Array = TypeVar("_Array", NDArray[np.uint32], NDArray[np.bool_])
Ints = NDArray[np.int64]


class Group(IntEnum):
    """Kinds of features. Each is scaled by its own number, and hashed apart."""

    LETTERS = 0
    WORDS = 1
    CONCEPTS = 2
    SHAPE = 3


class Features(NamedTuple):
    """Slots of one group, with the number of the text each belongs to and the code points it covers."""

    slots: Slots
    text: Ints
    start: Ints
    end: Ints


class FeatureReader:
    """Reads features. Safe to share between threads."""

    def __init__(self, lexicon: LexiconReader) -> None:
        """Takes the lexicon that knows the concepts."""
        self._lexicon = lexicon

    def concepts(self, text: str) -> list[int]:
        """The numbers of the concepts of one text, in order."""
        return list(map(int, self._lexicon.read([words(text)]).concept))

    def speaking(self, texts: Sequence[str]) -> set[int]:
        """Numbers of the texts that have any concept."""
        return set(self._lexicon.read(all_words(texts)).text.tolist())

    def read_closely(self, texts: Sequence[str]) -> dict[Group, Features]:
        """The features of texts, those of concepts with their true places, too."""
        features = self.read(texts)
        seen = features[Group.CONCEPTS]
        places = true_places([words(text) for text in texts], seen.text, seen.start, seen.end)
        return {**features, Group.CONCEPTS: Features(seen.slots, seen.text, *places)}

    def read(self, texts: Sequence[str]) -> dict[Group, Features]:
        """The features of canonical texts, by group. The places of concepts are not true ones: see read_closely."""
        texts = [text.translate(_DIGITS) for text in texts]
        plain = all_words(texts)
        return {
            Group.LETTERS: _letters(texts),
            Group.WORDS: _words(plain),
            Group.CONCEPTS: _concepts(self._lexicon.read(plain)),
            Group.SHAPE: _shapes(texts),
        }


class _Page(NamedTuple):
    """Texts end to end as code points, each with a blank before and after, breaks between."""

    points: Slots
    text: Ints
    place: Ints  # in its text, of each code point; -1 for the blank before


def _page(texts: Sequence[str]) -> _Page:
    points = np.frombuffer("".join(f" {text} \0" for text in texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.fromiter((len(text) + 3 for text in texts), np.int64, len(texts))
    text = np.repeat(np.arange(len(texts)), lengths)
    place = np.arange(len(points)) - np.repeat(np.cumsum(lengths) - lengths, lengths) - 1
    return _Page(points, text, place)


def _letters(texts: Sequence[str]) -> Features:
    """N-grams of code points that lie inside one word and the blanks around it."""
    page = _page(texts)
    return _grams(page, page.points, LETTERS, Group.LETTERS, inside=page.points != _BLANK)


def _grams(page: _Page, symbols: Slots, orders: Sequence[int], group: Group, *, inside: NDArray[np.bool_]) -> Features:
    """Every n-gram of symbols in one text of which all but the first and last are inside."""
    mixed = _scrambled(symbols)
    whole = page.points != _BREAK
    hashed, valid = mixed, whole
    found = []
    for order in range(2, max(orders) + 1):
        if order > 2:  # noqa: PLR2004  # the last symbol of a shorter n-gram becomes an inner one
            valid = valid & _shifted(inside, order - 2)
        hashed = hashed * _GOLDEN + _shifted(mixed, order - 1)
        valid = valid & _shifted(whole, order - 1)
        if order in orders:
            at = np.flatnonzero(valid)
            found.append((_seeded(hashed[at], group, order), page.text[at], page.place[at], page.place[at] + order))
    return _joined(found)


def _shifted(array: _Array, by: int) -> _Array:
    """array[i + by] at i; nothing beyond the end."""
    shifted = np.zeros_like(array)
    shifted[: max(len(array) - by, 0)] = array[by:]
    return shifted


def _words(texts: Sequence[str]) -> Features:
    """Words, pairs of neighbours, pairs with one or two words between, and three in a row."""
    page = _page(texts)
    within = page.points > _BLANK
    first = np.flatnonzero(within & ~np.concatenate(([False], within[:-1])))
    last = np.flatnonzero(within & ~np.concatenate((within[1:], [False])))
    if not len(first):
        return _joined([])
    powers = _powers(int((last - first).max()) + 1)
    number = np.cumsum(within & ~np.concatenate(([False], within[:-1]))) - 1
    offset = np.arange(len(within)) - first[np.maximum(number, 0)]
    letters = np.where(within, _scrambled(page.points) * powers[np.where(within, offset, 0)], np.uint32(0))
    hashed = np.add.reduceat(letters, first).astype(np.uint32)
    text, start, end = page.text[first], page.place[first], page.place[last] + 1
    found = [(_seeded(hashed, Group.WORDS, 1), text, start, end)]
    for kind, by in enumerate((1, 2, 3), start=2):
        same = text[by:] == text[:-by]
        pair = (hashed[:-by] * _GOLDEN + hashed[by:])[same]
        found.append((_seeded(pair, Group.WORDS, kind), text[:-by][same], start[:-by][same], end[by:][same]))
    same = text[2:] == text[:-2]
    three = ((hashed[:-2] * _GOLDEN + hashed[1:-1]) * _GOLDEN + hashed[2:])[same]
    found.append((_seeded(three, Group.WORDS, 5), text[:-2][same], start[:-2][same], end[2:][same]))
    return _joined(found)


def _powers(length: int) -> Slots:
    return np.cumprod(np.full(length, _GOLDEN), dtype=np.uint32)


def _concepts(tokens: Tokens) -> Features:
    """Concepts, ordered pairs of them (near or far), and three in a row."""
    concept, text, start, end = tokens
    found = [(_seeded(concept.astype(np.uint32), Group.CONCEPTS, 1), text, start, end)]
    for by in range(1, min(FAR, len(text) - 1) + 1):
        same = text[by:] == text[:-by]
        pair = (concept[:-by] << 8 | concept[by:])[same].astype(np.uint32)
        kind = 2 if by <= NEAR else 3
        found.append((_seeded(pair, Group.CONCEPTS, kind), text[:-by][same], start[:-by][same], end[by:][same]))
    same = text[2:] == text[:-2]
    three = (concept[:-2] << 16 | concept[1:-1] << 8 | concept[2:])[same].astype(np.uint32)
    found.append((_seeded(three, Group.CONCEPTS, 4), text[:-2][same], start[:-2][same], end[2:][same]))
    return _joined(found)


_ASCII_SHAPE = np.array(
    [ord("a") if chr(c).isalpha() else ord("0") if chr(c).isdigit() else c for c in range(128)], np.uint32
)
_OTHER, _UNSPACED, _MARK = ord("a"), ord("c"), ord("p")
_REPEATS = (ord("a"), ord("0"), ord("c"), _BLANK)


def _shapes(texts: Sequence[str]) -> Features:
    """N-grams of what kind of character follows which, runs of a kind as one: `{"a":"a","a":0.0}`."""
    page = _page(texts)
    points = page.points
    shape = np.where(points < len(_ASCII_SHAPE), _ASCII_SHAPE[np.minimum(points, 127)], np.uint32(_OTHER))
    shape = np.where((points >= 0x2E80) & (points < 0x1F000), np.uint32(_UNSPACED), shape)  # noqa: PLR2004  # CJK
    marks = (points >= 0x2000) & (points < 0x2070) | (points >= 0x3000) & (points < 0x3040)  # noqa: PLR2004  # dashes, quotes
    shape = np.where(marks, np.uint32(_MARK), shape)
    same = np.concatenate(([False], shape[1:] == shape[:-1])) & np.isin(shape, _REPEATS)
    keep = np.flatnonzero(~same)
    run = _Page(points[keep], page.text[keep], page.place[keep])
    return _grams(run, shape[keep], SHAPES, Group.SHAPE, inside=np.ones(len(keep), np.bool_))


def _scrambled(values: Slots) -> Slots:
    mixed = values * _GOLDEN
    mixed ^= mixed >> np.uint32(15)
    return mixed * _MIX


def _seeded(hashed: Slots, group: Group, kind: int) -> Slots:
    """Slots of a table; each group and kind of feature falls differently."""
    seeded = (hashed ^ np.uint32((group * 16 + kind) * 0x27D4EB2F & 0xFFFFFFFF)) * _GOLDEN
    seeded ^= seeded >> np.uint32(16)
    return (seeded * _MIX) >> np.uint32(32 - SLOTS_LOG2)


def _joined(found: Sequence[tuple[Slots, Ints, Ints, Ints]]) -> Features:
    if not found:
        none = np.zeros(0, np.int64)
        return Features(np.zeros(0, np.uint32), none, none, none)
    slots, text, start, end = zip(*found, strict=True)
    return Features(np.concatenate(slots), np.concatenate(text), np.concatenate(start), np.concatenate(end))
