"""What a rule says, in words that its owner would use."""

import pytest

from gateway.organise.rules import sentence
from gateway.organise.rules.matcher import MailingList, Matcher, Organisation, Sender
from gateway.organise.rules.protection import StayReason

WHOSE = {
    Sender("ann@shop.test"): "from ann@shop.test",
    MailingList("offers.shop.test"): "of the list offers.shop.test",
    Organisation("shop.test"): "from anyone at shop.test",
}


@pytest.mark.parametrize("matcher", WHOSE, ids=repr)
def test_each_matcher_in_each_sentence(matcher: Matcher) -> None:
    """A rule, a rule at its goal, a paused one, a protection and a proposal."""
    whose = WHOSE[matcher]
    assert sentence.files(matcher, "Bills") == f"Mail {whose} goes to Bills."
    assert sentence.at_goal(matcher, "Bills") == f"Mail {whose} belongs to Bills, where it is."
    assert whose in sentence.paused(matcher)
    assert sentence.protects(matcher) == f"Mail {whose} stays where it is."
    assert sentence.proposes(matcher, "Bills", 3) == f"You put 3 messages {whose} into Bills. File all such mail there?"


def test_every_habit_has_a_sentence_and_nothing_else_has_one() -> None:
    """What a protection or rule with an id did is told from that; the rest from here."""
    told = {reason for reason in StayReason if sentence.habit(reason)}
    assert told == {StayReason.DRAFT, StayReason.FLAGGED, StayReason.REPLIED_TO, StayReason.RECENT}
    assert sentence.habit("words") is None
