"""Words of foreign look-alikes and nothing else in Latin letters: another way to read them, as they may be Russian."""

import re
from collections.abc import Iterator

from sentinel.canonical.confusable import TWINS, latin_look
from sentinel.canonical.mapped import Mapped
from sentinel.views.fluency import is_fluent

_WORD = re.compile(r"[^\W\d_a-z]{3,}")
_LEAST_TWINS = 4  # letters that no eye tells from Latin ones
_LEAST_FLUENT = 5  # letters that look alike somewhat, and make a word
_LEAST_WORDS = 2  # of the second kind


def latinised(canonical: Mapped) -> Iterator[Mapped]:
    """The text with such words in Latin letters."""
    if poses_as_latin(canonical.text):
        yield canonical.with_text(_WORD.sub(lambda word: latin_look(word[0]) or word[0], canonical.text))


def poses_as_latin(text: str) -> bool:
    """The trigger: one word of perfect twins, or several that read well."""
    if text.isascii():
        return False
    looks = {word: look for word in set(_WORD.findall(text)) if (look := latin_look(word))}
    if any(len(word) >= _LEAST_TWINS and TWINS.issuperset(word) for word in looks):
        return True
    return sum(len(look) >= _LEAST_FLUENT and is_fluent(look) for look in looks.values()) >= _LEAST_WORDS
