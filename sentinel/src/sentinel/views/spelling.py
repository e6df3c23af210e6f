"""Texts spelled another way: leet, backwards, rot13. Same length as the canonical text they are made of."""

import re
from collections.abc import Iterator

from sentinel.canonical.mapped import Mapped

_LEET = re.compile(r"[a-z][0-9@$!|+]|[0-9@$!|+][a-z]")
_LEET_I = str.maketrans("0134578@$!|+9", "oieastbasiltg")
_LEET_L = str.maketrans("0134578@$!|+96", "oleastbasiltgg")
_ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
# Words without which an English, German, French or Spanish attack can hardly be written.
_NEEDED = (
    "ignor", "instru", "prompt", "previous", "system", "disregard", "forget", "override", "folder", "forward", "password",
    "classif", "assistant", "reveal", "bypass", "anweisung", "vergiss", "consigne", "oubli", "olvida", "regeln",
)  # fmt: skip
_BACKWARDS = tuple(word[::-1] for word in _NEEDED)
_ROTATED = tuple(word.translate(_ROT13) for word in _NEEDED)


def respelled(canonical: Mapped) -> Iterator[Mapped]:
    """The other readings whose cheap sign is there."""
    text = canonical.text
    if _LEET.search(text):
        yield canonical.with_text(text.translate(_LEET_I))
        if "1" in text:
            yield canonical.with_text(text.translate(_LEET_L))
    if any(word in text for word in _BACKWARDS):
        yield canonical.reversed()
    if any(word in text for word in _ROTATED):
        yield canonical.with_text(text.translate(_ROT13))
