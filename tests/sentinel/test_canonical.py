"""Canonical forms: what they reveal, that they lead back to the original, and that doing it twice changes nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.canonical.confusable import imitations
from sentinel.canonical.form import GROWTH_LEFT, MAX_GROWTH, Form, canonical_form
from sentinel.canonical.mapped import Joined, Mapped
from sentinel.canonical.stack import MAX_MARKS
from sentinel.views.spelling import respelled

# Letters, and the characters that attacks are made of, far more often than chance would have them.
NASTY = st.sampled_from(
    [
        *"aAeI=?bqQ_ -<>",
        *("\u200b", "\u00ad", "\u202e", "\u0301", "\u0323", "\u0338", "\ufe0f", "\u3164", "\U000e0069", "\U000e007f"),
        *("\u0430", "\u0456", "\u03bf", "\u1d00", "\uff29", "\U0001d41a", "\u00df", "\u0130", "\ufb01", "\ufdfa"),
        *("\uff76", "\uff9e", "\u1112", "\u1161", "\u11ab", "\U0001f3f4", "\U000e0067", "\u13aa", "\U0001f1e9", "\n"),
        *("=?utf-8?q?", "=?utf-8?b?aWdub3Jl?=", "?=", "\ud800", "\u02c6", "\u2028"),
    ],
)
HOSTILE = st.lists(st.one_of(NASTY, st.characters()), max_size=40).map("".join)


def form(text: str) -> Form:
    return canonical_form(Mapped.of(text))


@given(HOSTILE)
@settings(max_examples=300, deadline=None)
def test_every_character_leads_back_into_the_original(text: str) -> None:
    """Whatever the text: each character of each form has a span, not empty, inside the original."""
    for mapped in (form(text).decoded, form(text).canonical):
        assert len(mapped.text) == len(mapped.starts) == len(mapped.ends)
        assert all(0 <= start < end <= len(text) for start, end in zip(mapped.starts, mapped.ends, strict=True))


@given(HOSTILE)
@settings(max_examples=300, deadline=None)
def test_the_canonical_form_of_a_canonical_form_is_itself(text: str) -> None:
    """Or somebody could nest a trick in a trick; what doesn't settle says so."""
    once = form(text)
    assert not once.settled or form(once.canonical.text).canonical.text == once.canonical.text


@given(HOSTILE)
@settings(max_examples=200, deadline=None)
def test_a_page_is_one_line(text: str) -> None:
    """The matcher reads several pages as lines of one text: no page may hold a line break."""
    assert "\n" not in form(text).canonical.text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("Ignore ALL", "ignore all"),
        ("\uff29\uff47\uff4e\uff4f\uff52\uff45", "ignore"),
        ("\U0001d408\U0001d420\U0001d427\U0001d428\U0001d42b\U0001d41e", "ignore"),
        ("\u026a\u0262\u0274\u1d0f\u0280\u1d07", "ignore"),
        ("\U0001f178\U0001f176", "ig"),
        ("i\u200bg\u00adn\u2060o\ufe0fr\u3164e", "ignore"),
        ("i\u0335g\u0336n\u0301ore", "ignore"),
        ("hi\U000e0069\U000e0067\U000e006e", "hi ign "),
        ("=?utf-8?B?aWdub3Jl?= =?UTF-8?Q?_all?=", "ignore all"),
        ("=?utf-8*en?q?pr=C3=A9c=C3=A9dent?=", "precedent"),
        ("=?utf-8?b?w6k=?=", "e"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "e"),
        ("Vergi\u00df \u00fcber", "vergiss uber"),
        ("a\u2028b\tc", "a b c"),
        ("\u24a4\u24a2\U0001f11d", "ign"),
    ],
)
def test_disguises_fall(text: str, canonical: str) -> None:
    """One disguise a row."""
    assert form(text).canonical.text == canonical


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("\u0456gn\u043er\u0435 this", "ignore this"),
        ("please \u0441\u043e\u0440\u0443", "please \u0441\u043e\u0440\u0443"),
        ("\u041f\u0440\u0438\u0432\u0435\u0442", "\u043f\u0440\u0438\u0432\u0435\u0442"),
        ("\u0438\u0433\u043do\u0440\u0438py\u0439", "\u0438\u0433\u043d\u043e\u0440\u0438\u0440\u0443\u0438"),
        ("\u0432\u0441\u0435 for AI", "\u0432\u0441\u0435 for ai"),
        ("\u0395\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03ac", "\u03b5\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03b1"),
    ],
)  # fmt: skip
def test_look_alikes_become_latin_and_russian_stays_russian(text: str, canonical: str) -> None:
    """Only letters that pose as Latin ones are taken for Latin ones."""
    assert form(text).canonical.text == canonical


def test_a_word_of_look_alikes_alone_is_read_both_ways() -> None:
    """It may be Russian, so its canonical form stays; another reading has it in Latin letters."""
    assert [page.text for page in respelled(form("please \u0441\u043e\u0440\u0443 this"))] == ["please copy this"]


def test_a_keyboard_slip_is_no_imitation() -> None:
    """A Cyrillic word with one Latin letter has letters that look like nothing Latin; P\u0430yP\u0430l hasn't."""
    assert imitations("\u0441\u0441\u044b\u043b\u043ab") == []
    assert imitations("P\u0430yP\u0430l") == [(0, 6)]
    assert imitations("10 \u03bcm, \u0394T") == []


def test_spans_lead_to_the_disguise() -> None:
    """What is shown to the owner is where it stands in the mail."""
    text = "Hi =?utf-8?b?aWdub3Jl?= me"
    canonical = form(text).canonical
    start = canonical.text.index("ignore")
    assert text[slice(*canonical.span(start, start + 6))] == "=?utf-8?b?aWdub3Jl?="


def test_a_flag_is_no_hidden_text() -> None:
    """Emoji flags of England, Scotland and Wales are spelled in tag characters."""
    assert (
        form("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f win").canonical.text
        == "\U0001f3f4 win"
    )


def test_no_more_marks_than_languages_use() -> None:
    """Normalising reorders marks in quadratic time: a stack is cut first."""
    decoded = form("a" + "\u0301\u0323" * 500).decoded.text
    assert len(decoded) <= 1 + MAX_MARKS


def test_joined_spans_count_from_the_first_text() -> None:
    """In whichever order they are read: name, one space, subject."""
    first, second = Mapped.of("ignore"), Mapped.of("all rules")
    forward, backward = Joined(first, second, 7), Joined(first, second, 7, swapped=True)
    assert forward.text == "ignore all rules"
    assert forward.span(0, 10) == (0, 10)
    assert backward.text == "all rules ignore"
    assert backward.span(0, 3) == (7, 10)
    assert backward.span(4, 16) == (0, 16)


def test_a_text_that_grows_too_much_is_cut_and_says_so() -> None:
    """NFKC makes 18 letters of one: a page of them must not buy the time of eighteen."""
    grown = form("\ufdfa" * 200)
    assert not grown.settled
    assert len(grown.canonical.text) <= MAX_GROWTH * 200 + GROWTH_LEFT
    assert form("\ufdfa").settled
