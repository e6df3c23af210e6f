"""Texts spelled another way: look-alikes, leet, backwards, rot13, letter by letter. Made of the canonical text."""

import re
from collections import Counter
from collections.abc import Iterator

import re2

from sentinel.canonical.confusable import latinised
from sentinel.canonical.mapped import Mapped, Rewriter

_LEET = re.compile(r"[a-z][0-9@$!|+]|[0-9@$!|+][a-z]")
_LEET_I = str.maketrans("0134578@$!|+9", "oieastbasiltg")
_LEET_L = str.maketrans("0134578@$!|+96", "oleastbasiltgg")
_ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
# Words without which an English, German, French or Spanish attack can hardly be written.
_NEEDED = (
    "ignor", "instru", "prompt", "previous", "system", "disregard", "forget", "override", "folder", "forward",
    "password", "classif", "assistant", "reveal", "bypass", "anweisung", "vergiss", "consigne", "oubli", "olvida",
    "regeln",
)  # fmt: skip
_BACKWARDS = re2.compile("|".join(word[::-1] for word in _NEEDED))
_ROTATED = re2.compile("|".join(word.translate(_ROT13) for word in _NEEDED))


# A letter on its own, one separator, and another letter on its own: "i.g.n.o.r.e", "i g n o r e".
_LONE = re.compile(r"(?<![^\W_])[^\W_]([^\w\s]|[ _])(?=[^\W_](?![^\W_]))")
# What any run of them has in it, cheaper to look for.
_LONE_SIGN = re.compile(r"[^\W_](?:[^\w\s]|[ _])[^\W_](?:[^\w\s]|[ _])[^\W_](?:[^\w\s]|[ _])[^\W_]")
_LEAST_LONE = 6  # pairs; abbreviations have fewer


def respelled(canonical: Mapped) -> Iterator[Mapped]:
    """The other readings whose cheap sign is there."""
    text = canonical.text
    latin = latinised(canonical)
    if latin.text != text:
        yield latin
    if _LEET.search(text):
        yield canonical.with_text(text.translate(_LEET_I))
        if "1" in text:
            yield canonical.with_text(text.translate(_LEET_L))
    if _LONE_SIGN.search(text):
        yield from _spelled_out(canonical)
    if _BACKWARDS.search(text):
        yield canonical.reversed()
    if _ROTATED.search(text):
        yield canonical.with_text(text.translate(_ROT13))


def _spelled_out(canonical: Mapped) -> Iterator[Mapped]:
    """Without the separator that parts the letters; any other one, or two of it, parts the words."""
    pairs = list(_LONE.finditer(canonical.text))
    if len(pairs) < _LEAST_LONE:
        return
    separator = Counter(pair[1] for pair in pairs).most_common(1)[0][0]
    rewriter, place = Rewriter(canonical), 0
    for pair in pairs:
        if pair[1] == separator:
            rewriter.keep(place, pair.start(1))
            place = pair.end(1)
    rewriter.keep(place, len(canonical.text))
    spelled = rewriter.done()
    yield spelled
    if _LEET.search(spelled.text):
        yield spelled.with_text(spelled.text.translate(_LEET_I))
