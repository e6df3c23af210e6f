"""Which writing system a text uses, coarsely: a closed set that may be a label of a metric."""

from bisect import bisect_right
from collections import Counter
from enum import StrEnum


class Script(StrEnum):
    """Writing systems that campaigns are told apart by; all others are OTHER, a text without letters is NONE."""

    NONE = "none"
    LATIN = "latin"
    GREEK = "greek"
    CYRILLIC = "cyrillic"
    HEBREW = "hebrew"
    ARABIC = "arabic"
    INDIC = "indic"
    THAI = "thai"
    HANGUL = "hangul"
    KANA = "kana"
    HAN = "han"
    OTHER = "other"


# First code points of Unicode blocks, and what begins there.
_BLOCKS = (
    (0x0000, Script.LATIN), (0x0370, Script.GREEK), (0x0400, Script.CYRILLIC), (0x0530, Script.OTHER),
    (0x0590, Script.HEBREW), (0x0600, Script.ARABIC), (0x0700, Script.OTHER), (0x0750, Script.ARABIC),
    (0x0780, Script.OTHER), (0x08A0, Script.ARABIC), (0x0900, Script.INDIC), (0x0E00, Script.THAI),
    (0x0E80, Script.OTHER), (0x1100, Script.HANGUL), (0x1200, Script.OTHER), (0x1E00, Script.LATIN),
    (0x1F00, Script.GREEK), (0x2000, Script.OTHER), (0x3040, Script.KANA), (0x3100, Script.OTHER),
    (0x3130, Script.HANGUL), (0x3190, Script.OTHER), (0x31F0, Script.KANA), (0x3200, Script.OTHER),
    (0x3400, Script.HAN), (0xA000, Script.OTHER), (0xA640, Script.CYRILLIC), (0xA6A0, Script.OTHER),
    (0xAC00, Script.HANGUL), (0xD7B0, Script.OTHER), (0xF900, Script.HAN), (0xFB00, Script.LATIN),
    (0xFB1D, Script.HEBREW), (0xFB50, Script.ARABIC), (0xFE00, Script.OTHER), (0xFE70, Script.ARABIC),
    (0xFF00, Script.LATIN), (0xFF66, Script.KANA), (0xFFA0, Script.HANGUL), (0xFFE0, Script.OTHER),
    (0x20000, Script.HAN), (0x32000, Script.OTHER),
)  # fmt: skip
_STARTS = tuple(start for start, _ in _BLOCKS)
LOOKED_AT = 200  # code points; enough to tell, and bounded


def script_of(text: str) -> Script:
    """The script of most letters; of equals the one that comes first."""
    letters = [letter for letter in text[:LOOKED_AT] if letter.isalpha()]
    if not letters:
        return Script.NONE
    if text.isascii():
        return Script.LATIN
    found = Counter(_BLOCKS[bisect_right(_STARTS, ord(letter)) - 1][1] for letter in letters)
    return found.most_common(1)[0][0]
