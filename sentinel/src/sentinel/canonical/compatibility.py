"""NFKC, one cluster at a time: full-width, mathematical, circled and the like become plain letters."""

from collections.abc import Iterator
from unicodedata import is_normalized, normalize

from sentinel.canonical.mapped import Mapped, Rewriter
from sentinel.canonical.stack import joins


def compose(mapped: Mapped) -> Mapped:
    """Each character with the marks on it in its compatibility form. Expects stacks to be cut."""
    if mapped.text.isascii() or is_normalized("NFKC", mapped.text):
        return mapped
    rewriter = Rewriter(mapped)
    for start, end in _clusters(mapped.text):
        cluster = mapped.text[start:end]
        plain = cluster if cluster.isascii() else normalize("NFKC", cluster)
        if plain == cluster:
            rewriter.keep(start, end)
        else:
            rewriter.put(plain, start, end)
    return rewriter.done()


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for index in range(1, len(text)):
        if not joins(text[index]):
            yield start, index
            start = index
    yield start, len(text)
