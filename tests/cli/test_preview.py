"""The preview's table at any width, with anything in it."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from classifier.choice import Reason
from cli.preview import MOST_EVIDENCE, NARROW, Columns, evidence, row, show, summary
from cli.sorted_message import Evidence, SortedMessage, counts
from cli.words import REASONS, TECHNIQUES, reason
from mail_organiser.sentinel.v1 import sentinel_pb2

TEXTS = st.text(max_size=300)


def message(decision: str = "move", **fields: object) -> SortedMessage:
    """One message of the preview."""
    given_: dict[str, object] = {
        "id": "1",
        "subject": "Minutes",
        "sender_name": "Ada",
        "sender_address": "ada@post.example",
        "decision": decision,
        "folder": "Choir" if decision in {"move", "review"} else None,
        "confidence": 0.875,
        "reason": "sender",
        "risk": 0.0,
        "findings": (),
    }
    return SortedMessage(**{**given_, **fields})  # type: ignore[arg-type]  # tests give fields by name


def drawn(width: int, messages: list[SortedMessage], held: list[SortedMessage] | None = None) -> str:
    """The preview as a plain terminal of this width shows it."""
    console = Console(file=io.StringIO(), width=width, force_terminal=False, color_system=None, highlight=False)
    show(console, messages, held or [], counts(messages))
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]  # a StringIO


@given(st.integers(NARROW, 300), TEXTS, TEXTS, TEXTS, st.sampled_from(["move", "keep", "review", "held"]))
def test_each_row_fits_the_terminal(width: int, subject: str, sender: str, folder: str, decision: str) -> None:
    """Whatever a stranger writes, a row is one line, and no wider than the terminal."""
    columns = Columns.of(width)
    line = row(columns, message(decision, subject=subject, sender_name=sender, folder=folder)).plain
    assert cell_len(line) <= width
    assert "\n" not in line


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_where_a_message_goes_is_never_cut_away(width: int) -> None:
    """Folder, confidence and reason stand on every line, however long the subject is."""
    lines = drawn(width, [message(subject="long " * 100)]).splitlines()
    assert lines[0].split() == ["Goes", "to", "Sure", "Message", "Why"]
    assert re.match(r"Choir +88%  Ada: long ", lines[1])
    assert "sender" in lines[1]


def test_each_decision_is_told_apart() -> None:
    """By words, not by colour alone."""
    lines = drawn(100, [message(decision) for decision in ("move", "review", "keep", "held")]).splitlines()
    assert [line.split()[0] for line in lines[1:5]] == ["Choir", "Choir?", "stays", "HELD"]
    assert "look first" in drawn(100, [message("review", folder=None)])


def test_a_suspicious_message_says_what_is_odd() -> None:
    """The strongest finding's words, in place of "looks odd"."""
    found = (Evidence("hidden_characters", "subject", 0, 3, 0.5, "SEN-901"),)
    assert "hidden text" in drawn(80, [message("review", reason="suspicious", findings=found)])
    assert "looks odd" in drawn(80, [message("review", reason="suspicious")])


def test_the_evidence_quotes_what_was_found() -> None:
    """Who wrote, which words, where, by which rule; one line a technique and field, the longest of equal ones."""
    findings = (
        Evidence("override", "subject", 0, 6, 0.9, "SEN-1"),
        Evidence("override", "subject", 0, 10, 0.9, "SEN-2"),
        Evidence("hidden_characters", "sender_name", 3, 5, 0.4, "SEN-3"),
        Evidence("split_payload", "joined", 0, 9, 0.3, "SEN-4"),
        Evidence("authority", "subject", 0, 3, 0.1, "SEN-5"),
    )
    held = message("held", subject="ignore all of it", sender_name="Bob\u200b\u200b", findings=findings)
    assert evidence(held).plain.splitlines() == [
        "",
        "  ignore all of it",
        "  from Bob<2 hidden characters> <ada@post.example>",
        '    tells the reader to drop its instructions in the subject: "ignore all" (SEN-2)',
        '    hides characters from people in the sender\'s name: "<2 hidden characters>" (SEN-3)',
        "    splits its words over sender and subject in sender and subject together (SEN-4)",
        "    and 1 more",
    ]


def test_many_held_messages_are_counted() -> None:
    """Past the first ones, held messages are a number, not a scroll."""
    messages = [message("held")] * (MOST_EVIDENCE + 3)
    text = drawn(80, messages, messages)
    assert text.count("from Ada") == MOST_EVIDENCE
    assert "... and 3 more" in text


def test_the_sums_have_a_denominator() -> None:
    """All four decisions are named, and what is not shown is said."""
    sums = {"move": 1200, "keep": 1, "review": 0, "held": 2}
    text = summary(sums, 400).plain
    assert text == (
        "\nNothing has moved yet. 1,203 messages (the first 400 are shown): "
        "1,200 to move, 1 to stay, 0 to look at first, 2 held."
    )
    assert "1 message:" in summary({"move": 1, "keep": 0, "review": 0, "held": 0}, 1).plain


def test_every_code_has_words() -> None:
    """Each reason of the classifier and each technique of sentinel; a code that is new reads as it is."""
    techniques = [name.removeprefix("TECHNIQUE_").lower() for name in sentinel_pb2.Technique.DESCRIPTOR.values_by_name]
    assert {one.value for one in Reason} <= REASONS.keys()
    assert {*techniques} - {"unspecified"} <= TECHNIQUES.keys()
    assert all(len(words.brief) <= 16 and len(words.full) <= 43 for words in {**REASONS, **TECHNIQUES}.values())
    assert reason("brand_new").full == "brand new"
