"""When the owner's words about single messages make a rule worth proposing."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.organise.choice import FolderKey
from gateway.organise.rules.proposal import THRESHOLD, Proposal, Word, proposals
from gateway.store.codes import MatcherKind

BILLS, NEWS = FolderKey("fld_bills"), FolderKey("fld_news")
LIST, SHOP = b"list", b"shop"


def words(*told: tuple[str, FolderKey | None], **fields: Any) -> list[Word]:
    """The newest first: who wrote, where the owner put it."""
    plain = {"list_hash": None, "organisation_hash": None, **fields}
    return [Word(f"m{n}", folder, who.encode(), **plain) for n, (who, folder) in enumerate(told)]


def kinds(found: list[Word]) -> list[str]:
    return [str(one.kind) for one in proposals(found)]


def test_three_times_the_same_is_a_proposal() -> None:
    """Twice is none; all that say the same are counted, and the newest message is the one to read it from."""
    assert proposals(words(("ann", BILLS), ("ann", BILLS))) == []
    (found,) = proposals(words(("bob", NEWS), *[("ann", BILLS)] * 4))
    assert found == Proposal(MatcherKind.SENDER, b"ann", BILLS, 4, "m1")
    assert THRESHOLD == 3


def test_the_last_three_must_agree() -> None:
    """One that says otherwise, or that it should have stayed, is newer than the habit; a new habit ends an old one."""
    assert kinds(words(("ann", NEWS), *[("ann", BILLS)] * 9)) == []
    assert kinds(words(("ann", None), *[("ann", BILLS)] * 9)) == []
    assert kinds(words(*[("ann", None)] * 9)) == []
    (found,) = proposals(words(*[("ann", NEWS)] * 3, *[("ann", BILLS)] * 9))
    assert (found.folder, found.count) == (NEWS, 3)


def test_a_wider_rule_needs_more_senders() -> None:
    """A list two, an organisation three: fewer are said by rules for the senders."""
    one = words(*[("ann", BILLS)] * 3, list_hash=LIST, organisation_hash=SHOP)
    two = words(("ann", BILLS), ("bob", BILLS), ("bob", BILLS), list_hash=LIST, organisation_hash=SHOP)
    three = words(("ann", BILLS), ("bob", BILLS), ("eve", BILLS), list_hash=LIST, organisation_hash=SHOP)
    assert (kinds(one), kinds(two), kinds(three)) == (["sender"], ["list"], ["list", "organisation"])


def test_senders_who_were_meant_otherwise_do_not_count() -> None:
    """An organisation of which one sender goes elsewhere has two that speak for it."""
    told = [("ann", BILLS), ("bob", BILLS), ("bob", BILLS), ("eve", NEWS)]
    assert kinds(words(*told, organisation_hash=SHOP)) == []


told = st.lists(st.tuples(st.sampled_from(["ann", "bob", "eve"]), st.sampled_from([BILLS, NEWS, None])), max_size=20)


@given(told, st.booleans())
def test_a_proposal_says_what_the_owner_did(said: list[tuple[str, FolderKey | None]], listed: bool) -> None:  # noqa: FBT001  # hypothesis hands it in
    """Each counts its words, names a message of them, and none is made of fewer than three."""
    spoken = words(*said, list_hash=LIST if listed else None)
    for one in proposals(spoken):
        group = [word for word in spoken if one.keyed_hash in {word.sender_hash, word.list_hash}]
        agreeing = [word for word in group if word.folder == one.folder]
        assert one.count == len(agreeing) >= THRESHOLD
        assert one.message_id == group[0].message_id
        assert group[:THRESHOLD] == agreeing[:THRESHOLD]
