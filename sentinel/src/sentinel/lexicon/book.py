"""All entries of the lexicon, read from the TOML files beside this module: one a language.

An entry is a word, a "stem*" (words that begin so), a "*stem*" (anywhere), or several words in a row. Entries in
scripts that don't space their words are looked for anywhere.

Guarantees: an unknown concept or an entry too short to mean anything stops the start.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from sentinel.canonical.fold import folded
from sentinel.lexicon.concept import Concept
from sentinel.rules.matcher import words

LEAST_ANYWHERE = 3  # letters of an alphabetic entry that is looked for inside words
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
)  # Thai, Lao, Khmer, kana, Han

Lexicon = dict[str, frozenset[Concept]]


@cache
def read_lexicon() -> Lexicon:
    """Pattern to concepts; read once, as two automata are made of it.

    A pattern stands in a text whose words are parted, begun and ended by single spaces.
    """
    found: dict[str, set[Concept]] = defaultdict(set)
    for _, concept, entry in entries():
        pattern = _pattern(entry)
        if pattern is not None:
            found[pattern].add(concept)
    return {pattern: frozenset(concepts) for pattern, concepts in sorted(found.items())}


def entries() -> Iterator[tuple[str, Concept, str]]:
    """Language, concept and entry, as they stand in the files. Raises KeyError for an unknown concept."""
    for file in sorted(files(__package__).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            book = tomllib.loads(file.read_text("utf-8"))
            for name, listed in book["concepts"].items():
                yield from ((book["language"], Concept[name], entry) for entry in listed)


def _pattern(entry: str) -> str | None:
    """The entry as it stands in a canonical text; None when nothing of it is left."""
    bare = entry.strip("* ")
    plain = " ".join(words("".join(folded(character) for character in bare)).split())
    if not plain:
        return None
    if UNSPACED.search(plain):
        return plain.replace(" ", "")
    if entry.startswith("*") and len(plain) >= LEAST_ANYWHERE:
        return plain if entry.endswith("*") else f"{plain} "
    return f" {plain}" if entry.endswith("*") else f" {plain} "
