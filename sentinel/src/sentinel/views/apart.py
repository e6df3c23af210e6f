"""Words taken apart: letter by letter, by emoji, or cut at random places ("ig nore prev ious").

Guarantees: abbreviations, a decorated sale ("S A L E") and one emoji between words make no view.
"""

import re
from collections import Counter
from collections.abc import Iterator

from sentinel.canonical.mapped import Mapped, Rewriter
from sentinel.views import vocabulary
from sentinel.views.vocabulary import Place

# What parts letters: signs, dashes, symbols, emoji; not vowel signs of Indic scripts, which are no letters to Python.
_SIGN = "[!-/:-@[-`{-~\xa1-\xbf\u2010-\u2bff\u3001-\u303f\U0001f000-\U0001faff]"
# A letter on its own, separators, and another letter on its own: "i.g.n.o.r.e", "i g n o r e".
_LONE = re.compile(rf"(?<![^\W_])[^\W_]({_SIGN}{{1,3}}| )(?=[^\W_](?![^\W_]))")
# What any run of them has in it, cheaper to look for.
_LONE_SIGN = re.compile(rf"(?<![^\W_])(?:[^\W_](?:{_SIGN}{{1,3}}| )){{3}}[^\W_]")
_LEAST_LONE = 6  # pairs; abbreviations have fewer
_EMOJI = "[\u2190-\u2bff\u3030\u303d\U0001f000-\U0001faff]"
_BETWEEN = re.compile(rf"(?<=[^\W_]){_EMOJI}{{1,4}}(?=[^\W_])")
_ALL_EMOJI = re.compile(f"{_EMOJI}+")
_LEAST_BETWEEN = 3
_LEAST_CUT = 2  # words of the vocabulary; one may be a compound that somebody writes in two


def letters_apart(text: str) -> bool:
    """Whether letters stand on their own, one after the other."""
    return bool(_pairs(text))


def closed_up(canonical: Mapped) -> Iterator[Mapped]:
    """Without what parts the letters; any other separator, or two of it, parts the words."""
    pairs = _pairs(canonical.text)
    if not pairs:
        return
    separator = Counter(pair[1] for pair in pairs).most_common(1)[0][0]
    one = separator.isspace() or len({pair[1] for pair in pairs}) == 1
    yield _without(
        canonical, [pair.span(1) for pair in pairs if pair[1] == separator or not (one or pair[1].isspace())]
    )


def _pairs(text: str) -> list[re.Match[str]]:
    if not _LONE_SIGN.search(text):
        return []
    pairs = list(_LONE.finditer(text))
    return pairs if len(pairs) >= _LEAST_LONE else []


def emoji_inside(text: str) -> bool:
    """Whether emoji stand inside of words, more than once or twice."""
    return not text.isascii() and len(_BETWEEN.findall(text)) >= _LEAST_BETWEEN


def without_emoji(canonical: Mapped) -> Iterator[Mapped]:
    """Words that emoji were put into."""
    if emoji_inside(canonical.text):
        yield _without(canonical, [match.span() for match in _ALL_EMOJI.finditer(canonical.text)])


def is_cut(text: str) -> bool:
    """Whether words of the vocabulary are there without the separators only."""
    return vocabulary.gain(text) >= _LEAST_CUT


def uncut(canonical: Mapped) -> Iterator[Mapped]:
    """The text with the cut words of the vocabulary made whole."""
    text = canonical.text
    if not is_cut(text):
        return
    at = [index for index, character in enumerate(text) if character.isalnum()]
    words = vocabulary.places(vocabulary.squeezed(text))
    if sum(_is_cut(word, at) for word in words) >= _LEAST_CUT:
        yield _made_whole(canonical, words, at)


def _is_cut(word: Place, at: list[int]) -> bool:
    return at[word.end - 1] - at[word.start] >= word.end - word.start


def _made_whole(canonical: Mapped, words: list[Place], at: list[int]) -> Mapped:
    rewriter, place = Rewriter(canonical), 0
    for word in words:
        first, last = at[word.start], at[word.end - 1] + 1
        rewriter.keep(place, first)
        rewriter.put(" ", first, first + 1)
        for index in at[word.start : word.end]:
            rewriter.keep(index, index + 1)
        rewriter.put(" ", last - 1, last)
        place = last
    rewriter.keep(place, len(canonical.text))
    return rewriter.done()


def _without(mapped: Mapped, spans: list[tuple[int, int]]) -> Mapped:
    rewriter, place = Rewriter(mapped), 0
    for start, end in spans:
        rewriter.keep(place, start)
        place = end
    rewriter.keep(place, len(mapped.text))
    return rewriter.done()
