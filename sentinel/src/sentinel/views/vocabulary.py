"""Long words of attacks in all languages of the lexicon, to be found in texts whose words were cut or turned round."""

import re
from functools import cache
from typing import NamedTuple

import ahocorasick_rs

from sentinel.lexicon.book import UNSPACED, read_lexicon

LEAST_LETTERS = 7  # of a word that is cut by accident once in a blue moon
LEAST_FOREIGN = 5  # the same of letters that aren't Latin: stems of other grammars are short
LEAST_UNSPACED = 3  # the same of a script that doesn't space its words
_SEPARATORS = re.compile(r"[\W_]+")
_ASCII_SEPARATORS = bytes(point for point in range(128) if not chr(point).isalnum())


class Place(NamedTuple):
    """Where a word of the vocabulary stands."""

    start: int
    end: int


def squeezed(text: str) -> str:
    """The letters and digits of a text."""
    if text.isascii():
        return text.encode().translate(None, _ASCII_SEPARATORS).decode()
    return _SEPARATORS.sub("", text)


def count(text: str) -> int:
    """How often the vocabulary is met in a text."""
    return len(_automaton().find_matches_as_indexes(text))


def gain(text: str) -> int:
    """How many more words of the vocabulary are met without the separators than with them."""
    found = count(squeezed(text))
    return found and found - count(text)


def places(text: str) -> list[Place]:
    """The longest words that begin first, none over another."""
    return [Place(start, end) for _, start, end in _automaton().find_matches_as_indexes(text)]


@cache
def _automaton() -> ahocorasick_rs.AhoCorasick:
    """Read once, at the first use: tenths of a second."""
    entries = {pattern.strip() for pattern in read_lexicon()}
    return ahocorasick_rs.AhoCorasick(
        sorted(filter(_is_long, entries)),
        matchkind=ahocorasick_rs.MatchKind.LeftmostLongest,
        store_patterns=False,
    )


def _is_long(entry: str) -> bool:
    if " " in entry:
        return False
    if entry.isascii():
        return len(entry) >= LEAST_LETTERS
    return len(entry) >= (LEAST_UNSPACED if UNSPACED.search(entry) else LEAST_FOREIGN)
