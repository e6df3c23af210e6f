"""The one form in which text of a mailbox may stand in a prompt.

Sentinel inspects the raw text and this form of it; classifier puts nothing else into a prompt. So what was inspected
is what is read. A change here is a change of VERSION: both sides name the version they know.
"""

import json
import re
from typing import NewType
from unicodedata import category

PromptForm = NewType("PromptForm", str)

VERSION = 1
MAX_CHARACTERS = 256  # after stripping; bounds tokens and room for a payload
DATA_MARK = "\u02c6"  # stands for every run of white space, so that text is told from instruction (Hines 2024)

# Invisible although their category is not Cf: fillers, blanks, joiners and variation selectors.
_INVISIBLE = frozenset(
    [
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE10),
        *range(0xE0100, 0xE01F0),
    ],
)
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_BLANK = re.compile(r"\s+")


def prompt_form(text: str) -> PromptForm:
    """A JSON string of at most 256 visible characters in which every run of white space is the data mark."""
    blanked = _BLANK.sub(" ", text)
    visible = "".join(character for character in blanked if is_visible(character) and character != DATA_MARK)
    marked = _BLANK.sub(DATA_MARK, visible.strip())
    return PromptForm(json.dumps(marked[:MAX_CHARACTERS], ensure_ascii=False))


def is_visible(character: str) -> bool:
    """Whether a person would see it; blanks other than the space are not."""
    if character.isascii():
        return character.isprintable()
    return ord(character) not in _INVISIBLE and category(character) not in _DROPPED
