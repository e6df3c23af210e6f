"""Digits and signs that stand for letters: "1gn0r3 4ll".

Guarantees: model numbers, ordinals and addresses alone make no view. A sign counts only between letters, and only in
words that read as words once they are spelled out; one such word is enough when the vocabulary knows it.
"""

import re
from collections.abc import Iterator
from itertools import islice

from sentinel.canonical.mapped import Mapped
from sentinel.views import vocabulary
from sentinel.views.fluency import common, is_fluent

SIGNS = "0134578@$!|+96"
_AS_I = str.maketrans(SIGNS, "oieastbasiitgg")
_AS_L = str.maketrans(SIGNS, "oleastbasiltgg")
_SIGN = re.compile(r"[a-z][0134-9@$!|+]{1,2}[a-z]")
_WORD = re.compile(r"[a-z0-9@$!|+]*[a-z0-9@$|+]")  # an exclamation mark at the end is one
_LEAST_WORDS = 2
_LEAST_LETTERS = 4
_MAX_WORDS = 64  # that are judged; who writes more has said enough


def spelled_out(canonical: Mapped) -> Iterator[Mapped]:
    """The text with letters for signs; twice where a sign may be an i or an l."""
    text = canonical.text
    if not is_leet(text):
        return
    by_word = _WORD.sub(_likelier, text)
    yield canonical.with_text(by_word)
    for reading in (text.translate(_AS_I), _WORD.sub(_with_l, text)):
        if reading != by_word and any(sign in text for sign in "1!|"):
            yield canonical.with_text(reading)


def is_leet(text: str) -> bool:
    """The trigger."""
    if not _SIGN.search(text):
        return False
    bare = " ".join(token for token in text.split(" ") if not _is_address(token)) if "@" in text else text
    words = set(islice(filter(_SIGN.search, _WORD.findall(bare)), _MAX_WORDS))
    plain = {word: spelled for word in words if _reads_well(spelled := _spelled(word))}
    return len(plain) >= _LEAST_WORDS or any(map(_is_known, plain.items()))


def _is_known(word: tuple[str, str]) -> bool:
    """Whether a word of the vocabulary is there once it is spelled out."""
    return vocabulary.count(word[1]) > vocabulary.count(word[0])


def _is_address(token: str) -> bool:
    _, sign, domain = token.rpartition("@")
    return bool(sign) and "." in domain.strip("<>()[],;:.!?")


def _reads_well(word: str) -> bool:
    """Also from its end to its start, for texts that are turned round as well."""
    return len(word) >= _LEAST_LETTERS and (is_fluent(word) or is_fluent(word[::-1]))


def _spelled(word: str) -> str:
    """The likelier of both readings."""
    return max(word.translate(_AS_I), word.translate(_AS_L), key=common)


def _likelier(word: re.Match[str]) -> str:
    return _spelled(word[0])


def _with_l(word: re.Match[str]) -> str:
    return word[0].translate(_AS_L)
