"""The digest of an item, against vectors written out by hand from the specification."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail_organiser.columns import FolderText, MessageText
from mail_organiser.digest import folder_digest, message_digest

VECTORS = json.loads((Path(__file__).parent / "digest_vectors.json").read_text())
TEXT = st.none() | st.text(st.characters(codec="utf-8"), max_size=20)
MESSAGE = st.builds(
    MessageText,
    TEXT,
    TEXT,
    TEXT,
    TEXT,
    st.lists(st.text(st.characters(codec="utf-8"), max_size=9), max_size=3).map(tuple),
)


def field(text: str | None) -> bytes:
    return b"\0\0\0\0\0" if text is None else b"\x01" + len(text.encode()).to_bytes(4, "big") + text.encode()


def test_digest_of_a_message_is_built_as_the_specification_says() -> None:
    """Domain, purpose, four fields, the number of recipients, the recipients."""
    message = MessageText("Grüße", None, "a@b.test", "", ("c@d.test", "e@f.test"))
    parts = [b"mo/item/v1\0\x02", field("Grüße"), field(None), field("a@b.test"), field("")]
    parts += [b"\0\0\0\x02", field("c@d.test"), field("e@f.test")]
    assert message_digest(2, message) == sha256(b"".join(parts)).digest()


def test_digest_of_a_folder_is_built_as_the_specification_says() -> None:
    """Domain, purpose, id, name, description."""
    parts = [b"mo/item/v1\0\x04", field("fld_1"), field("Receipts"), field(None)]
    assert folder_digest(4, FolderText("fld_1", "Receipts")) == sha256(b"".join(parts)).digest()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors_hold(vector: dict[str, object]) -> None:
    """The committed vectors, for implementations in other languages and for our own future."""
    if vector["kind"] == "folder":
        digest = folder_digest(int(str(vector["purpose"])), FolderText(*vector["fields"]))  # type: ignore[misc]  # JSON
    else:
        *texts, recipients = vector["fields"]  # type: ignore[misc]  # JSON
        digest = message_digest(int(str(vector["purpose"])), MessageText(*texts, tuple(recipients)))
    assert digest.hex() == vector["sha256"]


@given(MESSAGE, MESSAGE)
def test_two_messages_share_a_digest_only_if_they_are_the_same(one: MessageText, other: MessageText) -> None:
    """Lengths and presence are inside: no shifting of text between fields goes unseen."""
    assert (message_digest(1, one) == message_digest(1, other)) == (one == other)


@given(MESSAGE)
def test_a_digest_is_for_one_purpose(message: MessageText) -> None:
    """What was cleared for the learned engine alone is not cleared for the AI."""
    assert len({message_digest(purpose, message) for purpose in range(1, 6)}) == 5
