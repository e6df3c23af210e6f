"""Letters that look like Latin ones. A small table of ours, aware of scripts: Russian stays Russian.

Two kinds. STYLED letters (small capitals, IPA, squared, regional indicators) stand for a Latin letter wherever they
are. FOREIGN letters (Cyrillic, Greek, Armenian, Cherokee) do so only in a word that mixes them with Latin; a word of
look-alikes alone is read both ways (views/look_alike.py), unless it stands beside words that mix them and nothing else
foreign. A word that mixes them and is more Cyrillic than Latin is read as Cyrillic.
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
    ("ᴏøɔᴑ", "o"), ("ᴘƥᵽ", "p"), ("ꞯɋʠǫ", "q"), ("ʀɍɾɽɹ", "r"), ("ꜱʂȿ", "s"), ("ᴛŧƭʈʇ", "t"), ("ᴜʉʊ", "u"),
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
# Latin letters for Cyrillic ones, and the letters of either script that the other has nothing like.
_TO_CYRILLIC = str.maketrans("abcehkmoptxyis", "авсенкмортхуіѕ")
_LATIN_ONLY = frozenset("dfgjlnqruvwz")
_CYRILLIC_ONLY = frozenset("бджйлфчщъыэюяђєљњћџґ")
_HAS_FOREIGN = re.compile(f"[{''.join(FOREIGN)}]")


def resemble(mapped: Mapped) -> Mapped:
    """Words that mix foreign letters with Latin ones, in the letters of one script. Expects case-folded text."""
    if mapped.text.isascii() or not _HAS_FOREIGN.search(mapped.text):
        return mapped
    text = mapped.text
    mixed = {word for word in _WORD.findall(text) if not word.isascii() and _LATIN.search(word)}
    leaning = _leaning(text) if mixed else 0
    cyrillic = {word for word in mixed if (_leaning(word) or leaning or _majority(word)) > 0}
    plain = {word: word.translate(_TO_CYRILLIC if word in cyrillic else _FOREIGN) for word in mixed}
    text = _WORD.sub(lambda word: plain.get(word[0], word[0]), text) if plain else text
    return mapped.with_text(_without_strays(text) if mixed and not cyrillic else text)


def _without_strays(text: str) -> str:
    """Words of look-alikes alone in Latin letters as well, if no word beside them is truly foreign."""
    strays = {word for word in _WORD.findall(text) if not word.isascii()}
    return _WORD.sub(_latin, text) if all(map(latin_look, strays)) else text


def latin_look(word: str) -> str | None:
    """A word of foreign look-alikes and nothing else in Latin letters."""
    return word.translate(_FOREIGN) if all(map(FOREIGN.__contains__, word)) else None


def imitations(text: str) -> list[tuple[int, int]]:
    """Words of Latin letters and twins of them, and nothing else: a slip of the keyboard leaves other letters, too."""
    if text.isascii():
        return []
    return [word.span() for word in _WORD.finditer(text) if _imitates(word[0])]


def _imitates(word: str) -> bool:
    letters = [letter for letter in word if letter.isalpha()]
    foreign = [letter for letter in letters if not letter.isascii()]
    return len(letters) >= LEAST_LETTERS and 0 < len(foreign) < len(letters) and TWINS.issuperset(foreign)


def _latin(word: re.Match[str]) -> str:
    return word[0].translate(_FOREIGN)


def _leaning(letters: str) -> int:
    """How many more letters only Cyrillic has than only Latin has."""
    cyrillic, latin = (sum(map(only.__contains__, letters)) for only in (_CYRILLIC_ONLY, _LATIN_ONLY))
    return cyrillic - latin


def _majority(word: str) -> int:
    return sum("\u0400" <= letter < "\u0530" for letter in word) - sum(map(str.isascii, word))
