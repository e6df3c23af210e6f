"""What may be signed: purpose by purpose, outcome by outcome. And that the wire's numbers are ours."""

import pytest

from mail_organiser.columns import FolderText, MessageText
from mail_organiser.digest import folder_digest, message_digest
from mail_organiser.mail.v1 import mail_pb2
from mail_organiser.sentinel.v1 import sentinel_pb2
from sentinel.cleared import Purpose, cleared_folders, cleared_messages
from sentinel.finding import Field, Technique
from sentinel.verdict import Outcome, Verdict

MESSAGE = MessageText("Lunch", "Ada", "ada@mail.example")
FOLDER = FolderText("fld_1", "Lunch")
CLASSIFY, LEARN, EXAMPLE, LOCAL = Purpose.CLASSIFY, Purpose.LEARN, Purpose.EXAMPLE, Purpose.CLASSIFY_LOCAL


@pytest.mark.parametrize(
    ("purpose", "outcome", "granted"),
    [
        (CLASSIFY, Outcome.CLEAN, CLASSIFY),
        (CLASSIFY, Outcome.REVIEW, LOCAL),
        (CLASSIFY, Outcome.HELD, None),
        (LEARN, Outcome.CLEAN, LEARN),
        (LEARN, Outcome.REVIEW, None),
        (LEARN, Outcome.HELD, None),
        (EXAMPLE, Outcome.CLEAN, EXAMPLE),
        (EXAMPLE, Outcome.REVIEW, None),
        (EXAMPLE, Outcome.HELD, None),
    ],
)
def test_what_a_message_is_cleared_for(purpose: Purpose, outcome: Outcome, granted: Purpose | None) -> None:
    """Held never; review only to classify without the AI; clean for what was asked."""
    items = cleared_messages(purpose, [(MESSAGE, Verdict(outcome, 0.0, ()))])
    assert items == ([] if granted is None else [message_digest(granted, MESSAGE)])


@pytest.mark.parametrize(("outcome", "count"), [(Outcome.CLEAN, 1), (Outcome.REVIEW, 0), (Outcome.HELD, 0)])
def test_only_clean_folders_are_cleared(outcome: Outcome, count: int) -> None:
    """A folder's name stands in every prompt."""
    items = cleared_folders([(FOLDER, Verdict(outcome, 0.0, ()))])
    assert items == [folder_digest(Purpose.FOLDER, FOLDER)] * count


def test_our_numbers_are_those_of_the_wire() -> None:
    """Enumerations cross by number: a change on one side must show."""
    wire = {
        sentinel_pb2.Technique: ("TECHNIQUE_", Technique),
        sentinel_pb2.Field: ("FIELD_", Field),
        sentinel_pb2.Outcome: ("OUTCOME_", Outcome),
        mail_pb2.Purpose: ("PURPOSE_", Purpose),
    }
    for theirs, (prefix, ours) in wire.items():
        named = {name.removeprefix(prefix): number for name, number in theirs.items()}
        assert (
            {one.name: one.value for one in ours} == {**named} | {}
            if "UNSPECIFIED" in ours.__members__
            else {name: number for name, number in named.items() if number}
        )
