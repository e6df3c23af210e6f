"""NFKC, one cluster at a time: full-width, mathematical, circled and the like become plain letters.

Letters in parentheses become letters; NFKC would leave the parentheses, one pair a letter.
"""

from collections.abc import Iterator
from functools import lru_cache
from string import ascii_lowercase
from unicodedata import is_normalized, normalize

from sentinel.canonical.mapped import Mapped, Rewriter
from sentinel.canonical.stack import joins

_CACHE = 4096  # clusters; bounded against a hostile alphabet
_SMALL, _CAPITAL = 0x249C, 0x1F110  # letters in parentheses, a to z
_PARENTHESISED = {
    chr(first + place): plain for first in (_SMALL, _CAPITAL) for place, plain in enumerate(ascii_lowercase)
}


def compose(mapped: Mapped) -> Mapped:
    """Each character with the marks on it in its compatibility form. Expects stacks to be cut."""
    if mapped.text.isascii() or is_normalized("NFKC", mapped.text):
        return mapped
    rewriter = Rewriter(mapped)
    for start, end in _clusters(mapped.text):
        cluster = mapped.text[start:end]
        plain = cluster if cluster.isascii() else _composed(cluster)
        if plain == cluster:
            rewriter.keep(start, end)
        else:
            rewriter.put(plain, start, end)
    return rewriter.done()


@lru_cache(maxsize=_CACHE)
def _composed(cluster: str) -> str:
    return normalize("NFKC", _PARENTHESISED.get(cluster[0], cluster[0]) + cluster[1:])


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for index in range(1, len(text)):
        if not joins(text[index]):
            yield start, index
            start = index
    yield start, len(text)
