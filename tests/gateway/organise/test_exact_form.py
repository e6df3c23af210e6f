"""The exact form: alike is what no reader tells apart, and a text with hidden characters is never one without."""

import sys
from unicodedata import category, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.organise.exact_form import exact_address, exact_text

BLANKS = "\t\n\r"  # and what NFKC makes a space of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Your invoice", "YOUR INVOICE"),
        ("Your invoice", "  Your\t invoice\r\n"),
        ("Your invoice", "Your\u00a0\u2003invoice"),
        ("Größe", "GRÖSSE"),
        ("Caf\u00e9", "Cafe\u0301"),
        ("Invoice 12", "Ｉｎｖｏｉｃｅ １２"),  # noqa: RUF001  # full-width on purpose
    ],
)
def test_what_no_reader_tells_apart_is_equal(one: str, other: str) -> None:
    """Case, runs of blanks, composition, compatibility forms."""
    assert exact_text(one) == exact_text(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Your invoice", "Yourinvoice"),
        ("Your invoice", "Your invoice."),
        ("Your invoice", "Y\u043eur invoice"),  # a Cyrillic letter
        ("Your invoice", "Yo\u0308ur invoice"),
        ("Your invoice", "=?utf-8?q?Your_invoice?="),
        ("Your invoice", "Your\x1finvoice"),
        ("Your invoice", "Your\u2028invoice"),
        ("Your invoice", "\u202eYour invoice"),
    ],
)
def test_what_sentinel_would_read_alike_stays_different(one: str, other: str) -> None:
    """Look-alikes, accents, encodings and controls: a reader or a machine may tell them apart."""
    assert exact_text(one) != exact_text(other)


def test_no_character_vanishes() -> None:
    """Of all there are, put between two letters, none gives what the letters alone give; few give what a blank does."""
    plain, blank = exact_text("payme"), exact_text("pay me")
    forms = {chr(point): exact_text(f"pay{chr(point)}me") for point in range(sys.maxunicode + 1)}
    assert [ascii(one) for one, form in forms.items() if form == plain] == []
    blanks = {one for one, form in forms.items() if form == blank}
    assert {one for one in blanks if one not in BLANKS and normalize("NFKC", one) != " "} == set()
    assert {category(one) for one in blanks} == {"Cc", "Zs"}


@given(st.text())
def test_the_form_is_final(text: str) -> None:
    """Taken again it is itself; half a character breaks nothing."""
    form = exact_text(text)
    assert form is None or exact_text(form) == form


@given(st.characters(categories=["Cf", "Cc", "Co", "Cn"]), st.text(min_size=1), st.integers(0, 50))
def test_a_hidden_character_more_is_another_text(hidden: str, text: str, place: int) -> None:
    """Wherever it is put in: never equal to the text without it, unless it is a tab or a line end."""
    longer = text[:place] + hidden + text[place:]
    if hidden not in BLANKS and exact_text(text) is not None:
        assert exact_text(longer) != exact_text(text)


@pytest.mark.parametrize("nothing", [None, "", "  \t", "half \ufffd of it"])
def test_what_has_no_form_equals_nothing(nothing: str | None) -> None:
    """Absent, empty, blank, or not decoded: None, which no correction can be about."""
    assert exact_text(nothing) is None
    assert nothing == "  \t" or exact_address(nothing) is None


def test_an_address_is_exact_but_for_case() -> None:
    """Case alone is evened out, and only where that is no trick: a Kelvin sign is no k, and ss is no sharp s."""
    assert exact_address("News@Shop.Example") == exact_address("news@shop.example")
    others = ["news@shop.example ", "news@shop.exampl", "news+1@shop.example", "news@shop.example\u200b"]
    assert len({exact_address(one) for one in [*others, "news@shop.example"]}) == 5
    assert exact_address("ban\u212a@shop.example") != exact_address("bank@shop.example")
    assert exact_address("stra\u00dfe@shop.example") != exact_address("strasse@shop.example")
