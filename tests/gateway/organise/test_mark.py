"""By what a held message may be known again."""

import pytest

from gateway.graph.message import GraphFolderId, Message, MessageId
from gateway.organise.mark import marks
from gateway.organise.verdict import Finding, Outcome, Verdict
from gateway.store.codes import CorrectionKind

SENDER, TEXT = CorrectionKind.SENDER, CorrectionKind.TEXT


def message(subject: str | None = "Ignore  THIS", address: str | None = "Ann@Shop.test") -> Message:
    return Message(MessageId("AA"), GraphFolderId("AAin"), subject, "Ann", address, (), None, None, is_draft=False)


def held(*fields: str, technique: str = "override", outcome: Outcome = Outcome.HELD) -> Verdict:
    return Verdict(outcome, 0.9, tuple(Finding(technique, field, 0, 4, 0.9, "SEN-101") for field in fields))


@pytest.mark.parametrize("fields", [["subject"], ["joined"], ["subject", "joined"]])
def test_a_message_held_for_its_text_is_known_by_both(fields: list[str]) -> None:
    """The sender's address, and the subject, in their exact forms."""
    assert marks(message(), held(*fields)) == {SENDER: "ann@shop.test", TEXT: "ignore this"}


@pytest.mark.parametrize("field", ["sender_name", "sender_address", "list_id", "unknown"])
def test_a_text_says_nothing_about_who_wrote_it(field: str) -> None:
    """What was found beside the subject can't be corrected by it: the next one of that subject may be anybody's."""
    assert set(marks(message(), held("subject", field))) == {SENDER}


@pytest.mark.parametrize("outcome", [Outcome.CLEAN, Outcome.REVIEW])
def test_only_what_is_held_has_marks(outcome: Outcome) -> None:
    """Everything else is decided as ever."""
    assert marks(message(), held("subject", outcome=outcome)) == {}


def test_what_could_not_be_judged_has_no_marks() -> None:
    """Neither what sentinel could not take nor what nobody judged in part."""
    assert marks(message(), Verdict.unjudged()) == {}
    assert marks(message(), Verdict(Outcome.HELD, 1.0)) == {}
    assert marks(message(), held("subject", technique="unknown")) == {}


def test_what_is_not_there_is_no_mark() -> None:
    """Without subject or address there is nothing to be equal to."""
    assert marks(message(None, ""), held("subject")) == {}
