"""Finds the concepts in texts, in order.

Guarantees: time linear in the text, whatever it holds; of entries that overlap the one that begins first counts, of
those the longest.
"""

from collections.abc import Sequence
from typing import NamedTuple

import ahocorasick_rs
import numpy as np
from numpy.typing import NDArray

from sentinel.lexicon.book import Lexicon

Ints = NDArray[np.int64]


class Tokens(NamedTuple):
    """Concepts by number, with the text each is in and the code points that named it; in the order of the texts."""

    concept: Ints
    text: Ints
    start: Ints
    end: Ints


class LexiconReader:
    """The lexicon, compiled. Safe to share between threads."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Compiles the entries into one automaton."""
        means = [sorted(concepts) for concepts in lexicon.values()]
        self._many = np.array([len(concepts) for concepts in means])
        self._first = np.cumsum(self._many) - self._many
        self._means = np.array([concept for concepts in means for concept in concepts])
        self._automaton = ahocorasick_rs.AhoCorasick(
            [_inner_doubled(pattern) for pattern in lexicon],
            matchkind=ahocorasick_rs.MatchKind.LeftmostLongest,
            store_patterns=False,
        )

    def read(self, texts: Sequence[str]) -> Tokens:
        """The concepts in texts of words, parted by blanks."""
        seen = [_seen(text) for text in texts]
        hits = self._automaton.find_matches_as_indexes("\n".join(seen))  # no pattern holds a line break
        if not hits:
            return Tokens(*(np.zeros(0, np.int64) for _ in Tokens._fields))
        pattern, start, end = np.array(hits, np.int64).T
        begin = np.cumsum([0, *(len(text) + 1 for text in seen)])
        text = np.searchsorted(begin, start, "right") - 1
        return self._tokens(pattern, text, start - begin[text], end - begin[text])

    def _tokens(self, pattern: Ints, text: Ints, start: Ints, end: Ints) -> Tokens:
        """A pattern may mean several concepts."""
        many = self._many[pattern]
        place = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many) + np.repeat(self._first[pattern], many)
        return Tokens(self._means[place], *(np.repeat(column, many) for column in (text, start, end)))


def _seen(text: str) -> str:
    """A text as the automaton sees it: every word has a blank before it and one after it for itself."""
    return f" {text.replace(' ', '  ')} "


def _inner_doubled(pattern: str) -> str:
    """The pattern with the blanks between its words doubled, as they are in what the automaton sees."""
    body = pattern.strip(" ")
    at = pattern.index(body)
    return pattern[:at] + body.replace(" ", "  ") + pattern[at + len(body) :]


def true_places(texts: Sequence[str], tokens: Ints, start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Places in the texts themselves; the automaton saw them with every blank doubled, and one at either end.

    tokens: the text that each start and end belongs to.
    """
    seen = [_places(text) for text in texts]
    first = np.cumsum([0, *(len(begins) for begins, _ in seen)])[tokens]
    begins, ends = (np.array([place for pair in seen for place in pair[side]], np.int64) for side in (0, 1))
    return begins[first + start], ends[first + end - 1]


def _places(text: str) -> tuple[list[int], list[int]]:
    """For each place that the automaton saw: where a token that begins there begins, and one that ends there ends."""
    begins, ends = [0], [0]
    for place, character in enumerate(text):
        begins += [place, place + 1] if character == " " else [place]
        ends += [place, place] if character == " " else [place + 1]
    return [*begins, len(text)], [*ends, len(text)]
