"""Letters that look like Latin ones. A small table of ours, aware of scripts: Russian stays Russian.

Two kinds. STYLED letters (small capitals, IPA, squared, regional indicators) stand for a Latin letter wherever they
are. FOREIGN letters (Cyrillic, Greek, Armenian, Cherokee) do so only in a word that mixes them with Latin; a word of
look-alikes alone is read both ways.
"""
# ruff: noqa: RUF001  # ambiguous letters are what this table is made of

import re

from sentinel.canonical.mapped import Mapped

LEAST_LETTERS = 4  # of an imitation; short words are model numbers and slips
_WORD = re.compile(r"\w+")
_LATIN = re.compile(r"[a-zA-Z]")


def _table(*pairs: tuple[str, str]) -> dict[str, str]:
    return {character: plain for characters, plain in pairs for character in characters}


_RUNS = (0x1F1E6, 0x1F130, 0x1F150, 0x1F170)  # regional indicators; squared, negative circled, negative squared A to Z

STYLED = _table(
    ("ᴀɑⱥᶏ", "a"), ("ʙɓƀƃ", "b"), ("ᴄƈȼɕ", "c"), ("ᴅɖɗđð", "d"), ("ᴇɛǝɘəɇ", "e"), ("ꜰƒ", "f"), ("ɢɡɠǥᶃ", "g"),
    ("ʜɦħɧ", "h"), ("ɪıɨɩⲓ", "i"), ("ᴊɟȷɉ", "j"), ("ᴋƙⱪ", "k"), ("ʟłƚɫɭ", "l"), ("ᴍɱ", "m"), ("ɴɲŋƞɳ", "n"),
    ("ᴏøɔᴑ", "o"), ("ᴘƥᵽ", "p"), ("ꞯɋʠ", "q"), ("ʀɍɾɽɹ", "r"), ("ꜱʂȿ", "s"), ("ᴛŧƭʈʇ", "t"), ("ᴜʉʊ", "u"),
    ("ᴠʋ", "v"), ("ᴡɯʍ", "w"), ("ᶍ", "x"), ("ʏƴɏʎ", "y"), ("ᴢƶʐȥ", "z"),
) | {chr(first + place): chr(0x61 + place) for first in _RUNS for place in range(26)}  # fmt: skip

FOREIGN = _table(
    # Cyrillic, small letters: the text is case-folded before
    ("а", "a"), ("ьв", "b"), ("сҫ", "c"), ("ԁ", "d"), ("еҽ", "e"), ("ԍ", "g"), ("һнҥң", "h"), ("іӏ", "i"), ("ј", "j"),
    ("кқҟ", "k"), ("м", "m"), ("пո", "n"), ("о", "o"), ("р", "p"), ("ԛ", "q"), ("гꭱ", "r"), ("ѕ", "s"), ("тҭ", "t"),
    ("ци", "u"), ("ѵ", "v"), ("шԝѡ", "w"), ("хҳ", "x"), ("уү", "y"), ("зҙ", "3"),
    # Greek
    ("α", "a"), ("β", "b"), ("ϲ", "c"), ("δ", "d"), ("ε", "e"), ("γ", "y"), ("η", "n"), ("ι", "i"),
    ("ϳ", "j"), ("κ", "k"),
    ("μ", "u"), ("ν", "v"), ("ο", "o"), ("ρ", "p"), ("τ", "t"), ("υ", "u"), ("ω", "w"), ("χ", "x"),
    ("ζ", "z"), ("σ", "o"),
    # Armenian
    ("ա", "w"), ("զ", "q"), ("հ", "h"), ("յ", "j"), ("ց", "g"), ("ս", "u"), ("օ", "o"), ("ք", "p"),
    ("բ", "f"), ("ռ", "n"),
    # Cherokee small letters, to which case folding does not lead: it folds them to capitals
    ("Ꭺ", "a"), ("Ᏼ", "b"), ("Ꮯ", "c"), ("Ꭰ", "d"), ("Ꭼ", "e"), ("Ꮐ", "g"), ("Ꮋ", "h"), ("Ꭵ", "i"),
    ("Ꭻ", "j"), ("Ꮶ", "k"),
    ("Ꮮ", "l"), ("Ꮇ", "m"), ("Ꮎ", "o"), ("Ꮲ", "p"), ("Ꮢ", "r"), ("Ꮪ", "s"), ("Ꭲ", "t"), ("Ꮩ", "v"),
    ("Ꮃ", "w"), ("Ꮍ", "y"),
    ("Ꮓ", "z"),
)  # fmt: skip
# The letters that no eye tells from Latin ones, in the case in which they do. The basis of a finding, not of folding.
TWINS = frozenset("аӏсԁеһіјорԛѕухѵԝүАВЕКМНОРСТХІЈЅҮԚԜѴԌօսհոոքցԼՕՏՍᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᏢᏒᏚᎢᏙᎳᎩᏃ")
_FOREIGN = str.maketrans(FOREIGN)
_HAS_FOREIGN = re.compile(f"[{''.join(FOREIGN)}]")


def resemble(mapped: Mapped) -> Mapped:
    """Words that mix foreign letters with Latin ones, in Latin letters. Expects case-folded text."""
    if mapped.text.isascii() or not _HAS_FOREIGN.search(mapped.text):
        return mapped
    return mapped.with_text(_WORD.sub(_unmixed, mapped.text))


def latinised(mapped: Mapped) -> Mapped:
    """Words of look-alikes alone in Latin letters, too. Another way to read: they may well be Russian."""
    if mapped.text.isascii() or not _LATIN.search(mapped.text):
        return mapped
    return mapped.with_text(_WORD.sub(_posing, mapped.text))


def imitations(text: str) -> list[tuple[int, int]]:
    """Words of Latin letters and twins of them, and nothing else: a slip of the keyboard leaves other letters, too."""
    if text.isascii():
        return []
    return [word.span() for word in _WORD.finditer(text) if _imitates(word[0])]


def _imitates(word: str) -> bool:
    letters = [letter for letter in word if letter.isalpha()]
    foreign = [letter for letter in letters if not letter.isascii()]
    return len(letters) >= LEAST_LETTERS and 0 < len(foreign) < len(letters) and TWINS.issuperset(foreign)


def _unmixed(word: re.Match[str]) -> str:
    return word[0].translate(_FOREIGN) if _LATIN.search(word[0]) else word[0]


def _posing(word: re.Match[str]) -> str:
    return word[0].translate(_FOREIGN) if all(letter in FOREIGN for letter in word[0]) else word[0]
