"""Rows to columns and back, and columns that lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail_organiser.columns import (
    MAX_ITEMS,
    MAX_RECIPIENTS,
    FolderText,
    MalformedColumns,
    MessageText,
    decode_folders,
    decode_messages,
    encode_folders,
    encode_messages,
)
from mail_organiser.mail.v1.mail_pb2 import FolderColumns, MessageColumns

WORDS = st.text(st.characters(codec="utf-8"), max_size=12)
ROWS = st.lists(
    st.builds(
        MessageText,
        st.none() | WORDS,
        st.none() | WORDS,
        st.none() | WORDS,
        st.none() | WORDS,
        st.lists(WORDS, max_size=3).map(tuple),
    ),
    max_size=8,
)


@given(ROWS)
def test_messages_come_back_as_they_went(rows: list[MessageText]) -> None:
    """Absent and empty stay apart; the wire in between is real."""
    wire = MessageColumns.FromString(encode_messages(rows).SerializeToString())
    assert decode_messages(wire) == rows


def test_folders_come_back_as_they_went() -> None:
    """A description may be absent."""
    rows = [FolderText("fld_a", "Receipts"), FolderText("fld_b", "", "what I bought")]
    assert decode_folders(encode_folders(rows)) == rows


def columns(**changes: object) -> MessageColumns:
    fields: dict[str, object] = {
        "present": [1],
        "subject": ["s"],
        "sender_name": [""],
        "sender_address": [""],
        "list_id": [""],
        "recipient_count": [0],
    }
    return MessageColumns(**{**fields, **changes})  # type: ignore[arg-type]  # any field


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": []},
        {"subject": ["s", "t"]},
        {"list_id": []},
        {"present": [0]},
        {"present": [16]},
        {"sender_name": ["text where the bit is clear"]},
        {"recipient_count": [1]},
        {"recipient_count": []},
        {"recipient": ["a@b.test"]},
        {"recipient_count": [MAX_RECIPIENTS + 1], "recipient": ["a@b.test"] * (MAX_RECIPIENTS + 1)},
    ],
)
def test_columns_that_contradict_one_another_are_refused(changes: dict[str, object]) -> None:
    """No row is guessed."""
    with pytest.raises(MalformedColumns):
        decode_messages(columns(**changes))


def test_a_batch_over_the_limit_is_refused() -> None:
    """512 items, not one more."""
    rows = [MessageText(None, None, None)] * (MAX_ITEMS + 1)
    with pytest.raises(MalformedColumns):
        decode_messages(encode_messages(rows))


@pytest.mark.parametrize("ids", [["a", "a"], [""]])
def test_folders_need_ids_of_their_own(ids: list[str]) -> None:
    """A choice must name exactly one folder."""
    wire = FolderColumns(present=[3] * len(ids), id=ids, name=[""] * len(ids), description=[""] * len(ids))
    with pytest.raises(MalformedColumns):
        decode_folders(wire)
