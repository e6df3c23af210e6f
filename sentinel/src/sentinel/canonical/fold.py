"""Case, accents and styled letters folded away, character by character. Rules are folded by the same function."""

from functools import lru_cache
from unicodedata import normalize

from sentinel.canonical.confusable import STYLED
from sentinel.canonical.mapped import Mapped, Rewriter

# Marks that any letter may carry. Those of one script (Japanese voicing, Indic vowels) change the letter and stay.
_MARKS = frozenset(
    chr(point)
    for first, last in (
        (0x300, 0x36F),
        (0x483, 0x489),
        (0x1AB0, 0x1AFF),
        (0x1DC0, 0x1DFF),
        (0x20D0, 0x20FF),
        (0xFE20, 0xFE2F),
    )
    for point in range(first, last + 1)
)
_CACHE = 4096  # characters; bounded against a hostile alphabet
_ROUNDS = 4  # folding one character settles in two; the bound only makes that certain


def fold(mapped: Mapped) -> Mapped:
    """The folded text."""
    if mapped.text.isascii():
        return mapped.with_text(mapped.text.lower())
    pieces = list(map(folded, mapped.text))
    text = "".join(pieces)
    if text == mapped.text:
        return mapped
    if len(text) == len(pieces) and all(pieces):
        return mapped.with_text(text)
    rewriter = Rewriter(mapped)
    for index, piece in enumerate(pieces):
        rewriter.put(piece, index, index + 1)
    return rewriter.done()


@lru_cache(maxsize=_CACHE)
def folded(character: str) -> str:
    """What one character folds to: itself, another, several, or nothing for a mark."""
    for _ in range(_ROUNDS):
        plain = normalize("NFKC", "".join(map(_bare, character.casefold())))
        if plain == character:
            return plain
        character = plain
    return character


def _bare(character: str) -> str:
    if character in STYLED:
        return STYLED[character]
    parts = normalize("NFD", character)
    if not parts[0].isalpha() and parts[0] not in _MARKS:
        return character  # a struck-through equals sign must not become an equals sign
    return "".join(STYLED.get(part, part) for part in parts if part not in _MARKS)
