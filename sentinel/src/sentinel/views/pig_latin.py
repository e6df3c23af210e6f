"""Pig Latin: "ignoreway allway eviouspray". An English game, so only words that look Latin are tried.

Guarantees: made only when most words end like it. Where a word may be put back in several ways, one that the
vocabulary knows is taken, or else the one that moves the most consonants with which an English word begins.
"""

import re
from collections.abc import Iterator

from sentinel.canonical.mapped import Mapped, Rewriter
from sentinel.views import vocabulary

LEAST_WORDS = 3
LEAST_SHARE = 0.6  # of the words
_WORD = re.compile(r"[a-z]+")
_PIG = re.compile(
    r"(?!(?:mon|tues|wednes|thurs|fri|satur|sun|to|yester|holi|birth|every|mid|pay)?day$|may$|pay$|way$)[a-z]+ay"
)
_CLUSTERS = (
    "b bl br c ch chr cl cr d dr dw f fl fr g gh gl gr h j k kn l m n p ph pl pr q qu r rh s sc sch scr sh shr sk sl "
    "sm sn sp spl spr squ st str sw t th thr tr tw v w wh wr x y z"
)
_WORDS = (
    "as has his him this that the then than they with we will were want what word work she her here have had how sort "
    "warning you your yes not now never new to too take tell make move mark mail do does done let look"
)
_ONSETS = frozenset(_CLUSTERS.split())
_SHORT = frozenset(_WORDS.split())
_LONGEST = 3  # letters of those


def unpigged(canonical: Mapped) -> Iterator[Mapped]:
    """Every word put back."""
    words = list(_WORD.finditer(canonical.text)) if canonical.text.count("ay") >= LEAST_WORDS else []
    pigs = [word for word in words if _PIG.fullmatch(word[0])]
    if len(pigs) < max(LEAST_WORDS, LEAST_SHARE * len(words)):
        return
    rewriter, place = Rewriter(canonical), 0
    for pig in pigs:
        rewriter.keep(place, pig.start())
        rewriter.put(_plain(pig[0]), *pig.span())
        place = pig.end()
    rewriter.keep(place, len(canonical.text))
    yield rewriter.done()


def _plain(pig: str) -> str:
    candidates = list(_candidates(pig.removesuffix("ay")))
    return next((word for word in candidates if word in _SHORT or vocabulary.count(word)), candidates[0])


def _candidates(body: str) -> Iterator[str]:
    """The word without the filler of one that began with a vowel, and with each cluster moved back, longest first."""
    if body.endswith("w"):
        yield body[:-1]
    for moved in range(min(_LONGEST, len(body)), 0, -1):
        if body[-moved:] in _ONSETS:
            yield body[-moved:] + body[:-moved]
    yield body
