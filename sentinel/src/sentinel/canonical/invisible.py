"""Characters that nobody sees: controls, formats, bidi, fillers, variation selectors, private use, surrogates.

Guarantees: what prompt_form drops is dropped here too, so a word can't be glued together behind our back. White space
of any kind becomes one plain space a character.
"""

import re
from functools import lru_cache
from unicodedata import category

from sentinel.canonical.mapped import Mapped, Rewriter

# Invisible although their category is not C: fillers, blanks, joiners, variation selectors.
_LOOKS_EMPTY = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]",
)
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co"})
_CACHE = 4096  # characters; more than any language's daily use, bounded against a hostile alphabet


def strip_invisible(mapped: Mapped) -> Mapped:
    """Drops what is invisible and turns each white space character into a space."""
    if all_visible(mapped.text):
        return mapped
    seen = [_seen(character) for character in mapped.text]
    if "".join(seen) == mapped.text:
        return mapped
    rewriter = Rewriter(mapped)
    for index, character in enumerate(seen):
        if character:
            rewriter.put(character, index, index + 1)
    return rewriter.done()


def all_visible(text: str) -> bool:
    """The quick look: True when nothing in the text is invisible, nor white space other than the plain one."""
    return text.isprintable() and (text.isascii() or not _LOOKS_EMPTY.search(text))


@lru_cache(maxsize=_CACHE)
def _seen(character: str) -> str:
    if character.isspace():
        return " "
    return "" if is_invisible(character) else character


@lru_cache(maxsize=_CACHE)
def is_invisible(character: str) -> bool:
    """True for a character, not white space, that leaves no mark on the screen."""
    if character.isascii():
        return not character.isprintable()
    return category(character) in _DROPPED or _LOOKS_EMPTY.match(character) is not None
