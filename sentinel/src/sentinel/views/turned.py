"""Texts turned round: backwards, word by word backwards, rotated by 13 letters, upside down, by a bidi override.

Guarantees: a view is made only when its text reads more like words than the text as it stands.
"""

import re
from collections.abc import Iterator
from string import ascii_lowercase

from sentinel.canonical.form import Form
from sentinel.canonical.mapped import Mapped, Rewriter
from sentinel.views import vocabulary
from sentinel.views.fluency import ROTATION, gains, odd_part

LEAST_GAIN = 4  # trigrams; 1 honest subject in 4,000 gains as much when rotated or reversed
_LEAST_FOREIGN = 2  # words of the vocabulary in a text of other letters that is read backwards
_WORD = re.compile(r"[^ ]+")
# What looks like the letters a to z when the screen stands on its head, and the letters that nothing else has.
_FLIPPED = "\u0250q\u0254p\u01dd\u025f\u0183\u0265\u1d09\u027e\u029el\u026fuodb\u0279s\u0287n\u028c\u028dx\u028ez"
_FLIP = str.maketrans(_FLIPPED + "\u0131\u05df\u02d9\u00a1\u00bf", ascii_lowercase + "il.!?")
_FLIP_SIGN = re.compile("[\u0250\u0254\u01dd\u025f\u0183\u0265\u1d09\u027e\u029e\u026f\u0279\u0287\u028c\u028d\u028e]")
_CODES_BACKWARDS = re.compile(r"(?:[0-9a-fA-F]{2}[%=]){3}|(?:;[0-9a-fA-F]{2,5}x?#&){3}")
_LEAST_FLIPPED = 4  # letters; phonetic script has some of them, among others
_OVERRIDE = re.compile("[\u202d\u202e][^\u202a-\u202e]*")
REVERSING = "\u202e"


def turned(form: Form) -> Iterator[Mapped]:
    """The readings in another direction whose sign is there."""
    yield from _upside_down(form.decoded)
    text = form.canonical.text
    if _CODES_BACKWARDS.search(text):
        yield form.decoded.reversed()
    elif not text.isascii() and reads_backwards(text):
        yield from _backwards(form.canonical)
    elif is_turned(text):
        yield from _other_direction(form)


def displayed(original: Mapped) -> Iterator[Mapped]:
    """What a screen shows of a text with overrides: what follows one that turns runs the other way."""
    if REVERSING not in original.text:
        return
    rewriter, place = Rewriter(original), 0
    for match in _OVERRIDE.finditer(original.text):
        if match[0][0] == REVERSING:
            rewriter.keep(place, match.start())
            place = match.end()
            rewriter.keep_reversed(match.start() + 1, place)
    rewriter.keep(place, len(original.text))
    yield rewriter.done()


def is_turned(text: str) -> bool:
    """Whether letters that look odd make words in another direction."""
    part = odd_part(text)
    return bool(part) and max(gains(part)) >= LEAST_GAIN


def _other_direction(form: Form) -> Iterator[Mapped]:
    text = form.canonical.text
    rotated, backwards = gains(text)
    if backwards >= LEAST_GAIN and backwards >= rotated:
        yield from _backwards(form.canonical)
    elif rotated >= LEAST_GAIN:
        yield form.decoded.with_text(form.decoded.text.translate(ROTATION))
        yield form.canonical.with_text(text.translate(ROTATION))  # accents may have come before or after


def _backwards(canonical: Mapped) -> Iterator[Mapped]:
    """As a whole, and each word for itself."""
    yield canonical.reversed()
    rewriter, place = Rewriter(canonical), 0
    for word in _WORD.finditer(canonical.text):
        rewriter.keep(place, word.start())
        rewriter.keep_reversed(*word.span())
        place = word.end()
    rewriter.keep(place, len(canonical.text))
    yield rewriter.done()


def reads_backwards(text: str) -> bool:
    """Whether more words of the vocabulary stand in it from its end to its start; for letters that are not Latin."""
    found = vocabulary.count(text[::-1])
    return found >= _LEAST_FOREIGN and found > vocabulary.count(text)


def _upside_down(decoded: Mapped) -> Iterator[Mapped]:
    """From its end to its start, as a page turned round is read; and as it stands."""
    if is_upside_down(decoded.text):
        plain = decoded.with_text(decoded.text.translate(_FLIP))
        yield plain.reversed()
        yield plain


def is_upside_down(text: str) -> bool:
    """Whether letters stand on their heads, more than phonetic script has."""
    return not text.isascii() and len(_FLIP_SIGN.findall(text)) >= _LEAST_FLIPPED
