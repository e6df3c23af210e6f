"""Text of strangers, made fit for a terminal: nothing in it can move the cursor, recolour, reorder or hide.

Every hidden or reordering character shows as a chip: <U+200B> for one, <37 hidden characters: "ignore previous…"> for a
run, read out where the run is ASCII in disguise. Blanks and combining marks that pile up are counted instead of drawn.
Only what means nothing by itself goes without a chip: the joiners and selectors inside an emoji.
"""

from collections.abc import Iterator
from enum import Enum
from itertools import groupby
from unicodedata import category

from rich.cells import cell_len, chop_cells

from mail_organiser.prompt_form import is_visible

ELLIPSIS = "\u2026"
MAX_CHARACTERS = 2000  # of a text that are looked at; Outlook's own limit for a subject is 255
MAX_IN_ROW = 3  # blanks, or combining marks, that are drawn; living scripts stack two or three
QUOTED = 20  # characters of what a hidden run says
_PRESENTATION = ("\ufe0e", "\ufe0f")
_JOINER, _KEYCAP = "\u200d", "\u20e3"
_TAGS = range(0xE0020, 0xE007F)  # invisible copies of ASCII
_SELECTORS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))  # 256 of them: a byte each, for who wants to smuggle
_SAYS = {code: code - 0xE0000 for code in _TAGS} | {code: byte for byte, code in enumerate(_SELECTORS)}


class Kind(Enum):
    """What a character is to a terminal."""

    SEEN = "seen"
    HIDDEN = "hidden"
    BLANK = "blank"
    MARK = "mark"


def visible(text: str, quoted: int = QUOTED) -> str:
    """The text as one line on which all that is there can be seen; of hidden words, so many characters are quoted."""
    if text.isascii() and text.isprintable() and " " * (MAX_IN_ROW + 1) not in text and len(text) <= MAX_CHARACTERS:
        return text  # nearly all of the mail that there is
    runs = groupby(_outside_emoji(text[:MAX_CHARACTERS]), key=kind_of)
    shown = "".join(_run(kind, "".join(run), quoted) for kind, run in runs)
    return shown if len(text) <= MAX_CHARACTERS else shown + ELLIPSIS


def short(text: str, cells: int, quoted: int = QUOTED) -> str:
    """visible(text, quoted) in at most so many terminal cells; what is missing shows as an ellipsis."""
    shown = visible(text, quoted)
    if cell_len(shown) <= cells:
        return shown
    return (chop_cells(shown, cells - 1)[0] if cells > 1 else "") + ELLIPSIS


def kind_of(character: str) -> Kind:
    """Which of the four."""
    if character in " \t" or category(character) == "Zs":
        return Kind.BLANK
    if not is_visible(character) or category(character) == "Cn":  # unassigned: nobody knows what it will draw
        return Kind.HIDDEN
    return Kind.MARK if category(character) in {"Mn", "Me"} else Kind.SEEN


def _run(kind: Kind, run: str, quoted: int) -> str:
    match kind:
        case Kind.HIDDEN:
            return _hidden(run, quoted)
        case Kind.BLANK:
            return " " * len(run) if len(run) <= MAX_IN_ROW else f" <{len(run)} blanks> "
        case Kind.MARK:
            return run if len(run) <= MAX_IN_ROW else f"{run[:MAX_IN_ROW]}<{len(run) - MAX_IN_ROW} more marks>"
        case Kind.SEEN:
            return run


def _hidden(run: str, most: int) -> str:
    if len(run) == 1:
        return f"<U+{ord(run):04X}>"
    said = _said(run)
    quoted = said if len(said) <= most else said[: most - 1] + ELLIPSIS
    return f'<{len(run)} hidden characters: "{quoted}">' if said else f"<{len(run)} hidden characters>"


def _said(run: str) -> str:
    """What a run of tag characters or of variation selectors says in ASCII; empty if it is neither."""
    codes = (_SAYS.get(ord(character), 0) for character in run)
    said = "".join(chr(code) for code in codes if 0x20 <= code < 0x7F)  # noqa: PLR2004  # printable ASCII
    return said.strip() if len(said) * 2 > len(run) else ""


def _outside_emoji(text: str) -> Iterator[str]:
    """The characters, without those that only join or dress the parts of one emoji."""
    return (character for index, character in enumerate(text) if not _is_part_of_emoji(text, index))


def _is_part_of_emoji(text: str, index: int) -> bool:
    """Whether it is one selector behind a symbol or in a keycap, or one joiner between two symbols."""
    before, character, after = text[max(index - 1, 0) : index], text[index], text[index + 1 : index + 2]
    if character in _PRESENTATION:
        return (_is_symbol(before) or after == _KEYCAP) and (after == _JOINER or not _is_hidden(after))
    if character == _JOINER:
        dressed = before in _PRESENTATION and _is_symbol(text[max(index - 2, 0) : index - 1])
        return (_is_symbol(before) or dressed) and _is_symbol(after)
    return False


def _is_symbol(character: str) -> bool:
    return character != "" and category(character) in {"So", "Sk"}


def _is_hidden(character: str) -> bool:
    return character != "" and kind_of(character) is Kind.HIDDEN
