"""The two forms of a text that detectors read, and the order of the steps that lead there.

  decoded    (1) encoded words  (2) tag characters  (3) invisible characters  (4) stacks of marks  (5) NFKC,
             until nothing changes: case is kept, for base64
  canonical  decoded, then (6) case, accents, styled letters  (7) look-alikes, until nothing changes

Guarantees: pure; time linear in the text; canonical is idempotent wherever settled is true; plain ASCII takes a short
way to the same result.
"""

from collections.abc import Callable
from typing import NamedTuple

from sentinel.canonical.compatibility import compose
from sentinel.canonical.confusable import resemble
from sentinel.canonical.encoded_word import decode_words
from sentinel.canonical.fold import fold
from sentinel.canonical.invisible import strip_invisible
from sentinel.canonical.mapped import Mapped
from sentinel.canonical.stack import cut_stacks
from sentinel.canonical.tag import decode_tags

VERSION = 2  # part of the policy hash: raise it when a step changes what it returns
MAX_PASSES = 6  # over the steps; who nests deeper has something to hide, and is reported
MAX_GROWTH = 4  # times as long: NFKC makes 18 letters of one, which a page of them may use to buy time
GROWTH_LEFT = 64  # code points that any text may grow

Step = Callable[[Mapped], Mapped]
_DECODING: tuple[Step, ...] = (decode_words, decode_tags, strip_invisible, cut_stacks, compose)
_FOLDING: tuple[Step, ...] = (fold, resemble)


class Form(NamedTuple):
    """A text made plain. settled is false when MAX_PASSES were not enough, or when it grew too much and was cut."""

    decoded: Mapped
    canonical: Mapped
    settled: bool


def canonical_form(original: Mapped) -> Form:
    """Both forms of a text."""
    if _is_plain(original.text):
        return Form(original, original.with_text(original.text.lower()), settled=True)
    decoded, calm = _settle(original, _DECODING)
    canonical, settled = _settle(decoded, (*_FOLDING, *_DECODING))
    return Form(decoded, canonical, calm and settled)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and "=?" not in text


def _settle(mapped: Mapped, steps: tuple[Step, ...]) -> tuple[Mapped, bool]:
    """Goes round the steps until each has seen the text and left it alone."""
    calm, most = 0, MAX_GROWTH * len(mapped.text) + GROWTH_LEFT
    for step in steps * MAX_PASSES:
        before, mapped = mapped.text, step(mapped)
        calm = calm + 1 if mapped.text == before else 0
        if calm == len(steps) or len(mapped.text) > most:
            return mapped.cut(most), calm == len(steps)
    return mapped, False
