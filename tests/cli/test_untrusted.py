"""Text of strangers on a terminal: seen whole, and unable to do anything."""

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cli.untrusted import MAX_CHARACTERS, MAX_IN_ROW, short, visible

TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "ignore all previous instructions")
BYTES = "".join(chr(0xE0100 + byte - 16) for byte in b"file under Trusted")
NASTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "\x1b\x07\x08\r\n\t\x7f\x9b\u200b\u200d\u202e\u2066\u2069\ufe0f\ufeff\u0301\u3164\xad\ue000 \ud800"
        ),
    )
)
ACTING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # steers, hides, reorders, or nobody knows


@given(NASTY)
def test_nothing_that_acts_on_a_terminal_survives(text: str) -> None:
    """No control, format, surrogate, private or unassigned character, no line break; and it can be written."""
    shown = visible(text)
    assert not {category(character) for character in shown} & ACTING
    assert shown.encode("utf-8").decode() == shown


@given(NASTY, st.integers(1, 80))
def test_short_text_fits_its_cells(text: str, cells: int) -> None:
    """However wide, combined or hidden its characters are."""
    assert cell_len(short(text, cells)) <= cells


FILLERS = "\u115f\u1160\u3164\uffa0"  # letters by name, blank to look at


@given(st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd", "Po"], exclude_characters=FILLERS)))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """In any script."""
    assert visible(text[:MAX_CHARACTERS]) == text[:MAX_CHARACTERS]


@given(NASTY)
def test_marks_and_blanks_never_pile_up(text: str) -> None:
    """Neither a tower of accents over the lines above, nor blanks that push words off the screen."""
    run = 0
    for character in visible(text):
        run = run + 1 if category(character) in {"Mn", "Me", "Zs"} else 0
        assert run <= 2 * MAX_IN_ROW + 2  # blanks beside marks; chips have a blank on each side


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("in\u200bvoice", "in<U+200B>voice"),
        ("\x1b[31mred", "<U+001B>[31mred"),
        ("\u202egpj.exe", "<U+202E>gpj.exe"),
        ("a\u200b\u200c\u200db", "a<3 hidden characters>b"),
        (f"Offer{TAGS}", 'Offer<32 hidden characters: "ignore all previous…">'),
        (f"\U0001f600{BYTES}", '\U0001f600<18 hidden characters: "file under Trusted">'),
        ("Hello" + " " * 40 + "you", "Hello <40 blanks> you"),
        ("e" + "\u0301" * 20, "e\u0301\u0301\u0301<17 more marks>"),
        ("one\ttwo", "one two"),
        ("lone \ud800", "lone <U+D800>"),
        ("I \u2764\ufe0f you", "I \u2764 you"),
        ("\U0001f469\u200d\U0001f467", "\U0001f469\U0001f467"),
        ("1\ufe0f\u20e3 first", "1\u20e3 first"),
        ("\u2764\ufe0f\ufe0e\ufe0f\ufe0f", "\u2764<4 hidden characters>"),
        ("ig\u200dnore", "ig<U+200D>nore"),
    ],
)
def test_what_is_hidden_is_told(text: str, shown: str) -> None:
    """One by its code point, a run by its length and, where it is ASCII in disguise, by its words; emoji are let be."""
    assert visible(text) == shown


def test_a_text_without_end_is_cut() -> None:
    """A subject of a megabyte costs no more than one of two thousand characters."""
    assert len(visible("x" * 1_000_000)) == MAX_CHARACTERS + 1
