"""What a trial makes of two rounds of choices: one with the folder, one without."""

from datetime import UTC, datetime

from gateway.graph.message import GraphFolderId, Message, MessageId
from gateway.organise.choice import Choice, FolderKey
from gateway.organise.trial import Overlap, weighed

TRIED, WORK, FAMILY = (FolderKey(f"fld_{name}") for name in ("tried", "work", "family"))


def message(number: int) -> Message:
    return Message(
        id=MessageId(f"m{number}"),
        parent_folder_id=GraphFolderId("inbox"),
        subject=None,
        sender_name=None,
        sender_address=None,
        recipients=(),
        received_at=datetime(2026, 11, 1, tzinfo=UTC),
        is_draft=False,
        conversation_id=None,
        list_id=None,
    )


def choice(folder: FolderKey | None, confidence: float) -> Choice:
    return Choice(folder, confidence, "learned", "words")


def test_nearest_are_the_surest_and_borderline_those_about_which_a_little_decides() -> None:
    """Five of each at most, none twice; what goes elsewhere is in neither."""
    sure = [0.9, 0.2, 0.8, 0.37, 0.7, 0.99, 0.6, 0.34, 0.52, 0.1, 0.05, 0.45]
    with_it = [*(choice(TRIED, one) for one in sure), choice(WORK, 1.0), choice(None, 0.0)]
    found = weighed(TRIED, [message(n) for n in range(14)], with_it, [Choice.none()] * 14)
    assert found.looked_at == 14
    assert [fit.confidence for fit in found.nearest] == [0.99, 0.9, 0.8, 0.7, 0.6]
    assert [fit.confidence for fit in found.borderline] == [0.34, 0.37, 0.45, 0.2, 0.52]
    assert found.nearest[0].message.id == "m5"


def test_an_overlap_is_a_share_of_what_fits() -> None:
    """A rival counts when it is nearly as sure; what is too unsure to be suggested counts nowhere."""
    with_it = [choice(TRIED, one) for one in (0.9, 0.8, 0.7, 0.6, 0.3)] + [choice(WORK, 0.9)]
    without = [choice(WORK, 0.85), choice(WORK, 0.75), choice(FAMILY, 0.65), choice(WORK, 0.2), choice(WORK, 0.3)]
    found = weighed(TRIED, [message(n) for n in range(6)], with_it, [*without, choice(WORK, 0.9)])
    assert found.overlaps == [Overlap(WORK, 0.5), Overlap(FAMILY, 0.25)]


def test_where_nothing_fits_nothing_overlaps() -> None:
    """An empty inbox, or mail that belongs elsewhere."""
    nothing = weighed(TRIED, [], [], [])
    assert (nothing.looked_at, nothing.nearest, nothing.borderline, nothing.overlaps) == (0, [], [], [])
    assert weighed(TRIED, [message(1)], [choice(TRIED, 0.2)], [choice(WORK, 0.2)]).overlaps == []
