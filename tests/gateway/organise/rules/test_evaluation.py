"""Rules and protections are data, and one pure function says what they say: protections first, then the narrowest."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.organise.choice import FolderKey
from gateway.organise.rules.evaluation import Files, Stays, evaluate
from gateway.organise.rules.facts import Facts
from gateway.organise.rules.matcher import MailingList, Matcher, Organisation, Sender
from gateway.organise.rules.protection import Keeping, Protection, Protections, StayReason
from gateway.organise.rules.rule import Rule, Rules

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
INBOX, BILLS, NEWS, WORK = (FolderKey(f"fld_{name}") for name in ("inbox", "bills", "news", "work"))
ANN, OFFERS, SHOP = Sender("ann@shop.test"), MailingList("offers.shop.test"), Organisation("shop.test")
ALL: tuple[Matcher, ...] = (ANN, OFFERS, SHOP)
REASONS = {
    ANN: StayReason.PROTECTED_SENDER,
    OFFERS: StayReason.PROTECTED_LIST,
    SHOP: StayReason.PROTECTED_ORGANISATION,
}
NOTHING = Keeping(replied_to=False, flagged=False)


def facts(**changed: Any) -> Facts:
    plain = {
        "matchers": ALL,
        "folder": INBOX,
        "received_at": NOW - timedelta(days=30),
        "draft": False,
        "flagged": False,
        "replied_to": False,
    }
    return Facts(**{**plain, **changed})


def rules(*own: tuple[Matcher, FolderKey], targets: tuple[FolderKey, ...] = (BILLS, NEWS, WORK)) -> Rules:
    return Rules.of([Rule(f"rul_{n}", matcher, folder) for n, (matcher, folder) in enumerate(own)], targets)


def protected(*what: Matcher | FolderKey, keeping: Keeping = NOTHING) -> Protections:
    return Protections.of([Protection(f"pro_{n}", one) for n, one in enumerate(what)], keeping)


def goal(found: Any) -> FolderKey:
    assert isinstance(found, Files)
    return found.rule.folder


def test_a_narrower_rule_goes_before_a_wider_one() -> None:
    """Exact sender, list, organisation, in whichever order they were made."""
    own = [(SHOP, BILLS), (OFFERS, NEWS), (ANN, WORK)]
    for made in (own, own[::-1]):
        assert goal(evaluate(rules(*made), protected(), facts(), NOW)) == WORK
        assert goal(evaluate(rules(*made), protected(), facts(matchers=(OFFERS, SHOP)), NOW)) == NEWS
        assert goal(evaluate(rules(*made), protected(), facts(matchers=(SHOP,)), NOW)) == BILLS
    assert evaluate(rules(*own), protected(), facts(matchers=()), NOW) is None
    assert evaluate(rules(*own), protected(), facts(matchers=(Sender("bob@else.test"),)), NOW) is None


@pytest.mark.parametrize("what", ALL, ids=repr)
def test_a_protection_goes_before_every_rule(what: Matcher) -> None:
    """The widest protection before the narrowest rule, and it says which it was."""
    own = rules(*((one, BILLS) for one in ALL))
    assert evaluate(own, protected(what), facts(), NOW) == Stays(REASONS[what], "pro_0")
    assert evaluate(own, protected(what), facts(matchers=(Sender("bob@else.test"),)), NOW) is None


def test_a_protected_folder_keeps_all_that_lies_in_it() -> None:
    """Whoever wrote it, and whatever a rule says."""
    own = rules((ANN, BILLS))
    assert evaluate(own, protected(INBOX), facts(), NOW) == Stays(StayReason.PROTECTED_FOLDER, "pro_0")
    assert evaluate(own, protected(INBOX), facts(matchers=()), NOW) == Stays(StayReason.PROTECTED_FOLDER, "pro_0")
    assert goal(evaluate(own, protected(NEWS), facts(), NOW)) == BILLS


@pytest.mark.parametrize(
    ("changed", "keeping", "reason"),
    [
        ({"draft": True}, NOTHING, StayReason.DRAFT),
        ({"flagged": True}, Keeping(), StayReason.FLAGGED),
        ({"flagged": True}, NOTHING, None),
        ({"replied_to": True}, Keeping(), StayReason.REPLIED_TO),
        ({"replied_to": True}, NOTHING, None),
        ({"received_at": NOW - timedelta(hours=71)}, Keeping(younger_than_hours=72), StayReason.RECENT),
        ({"received_at": NOW - timedelta(hours=72)}, Keeping(younger_than_hours=72), None),
        ({"received_at": NOW + timedelta(days=9)}, Keeping(younger_than_hours=1), StayReason.RECENT),
        ({"received_at": None}, Keeping(younger_than_hours=1), StayReason.RECENT),
        ({"received_at": NOW}, Keeping(), None),
        ({"received_at": None}, Keeping(), None),
    ],
)
def test_habits(changed: dict[str, Any], keeping: Keeping, reason: StayReason | None) -> None:
    """Each keeps mail from a rule while it is on; the delay to the hour, and also what has no time or a wrong one."""
    found = evaluate(rules((ANN, BILLS)), protected(keeping=keeping), facts(**changed), NOW)
    assert found == Stays(reason) if reason else goal(found) == BILLS


def test_what_stays_by_itself() -> None:
    """Until it is set: people written to and flagged mail stay, and there is no delay."""
    assert Keeping() == Keeping(replied_to=True, flagged=True, younger_than_hours=0)


def test_a_rule_that_can_not_be_carried_out_keeps_the_mail() -> None:
    """Its folder is not chosen: no wider rule and no model decides instead. Already there: nothing to do."""
    own = rules((ANN, BILLS), (SHOP, NEWS), targets=(NEWS,))
    assert evaluate(own, protected(), facts(), NOW) == Stays(StayReason.RULE_PAUSED, "rul_0")
    assert evaluate(own, protected(), facts(folder=BILLS), NOW) == Stays(StayReason.RULE_AT_GOAL, "rul_0")


matchers_of_mail = st.permutations(ALL).flatmap(lambda order: st.integers(0, 3).map(lambda n: tuple(order[:n])))
keepings = st.builds(Keeping, st.booleans(), st.booleans(), st.integers(0, 100))
anything = st.fixed_dictionaries(
    {
        "matchers": matchers_of_mail,
        "folder": st.sampled_from([None, INBOX, BILLS]),
        "received_at": st.none() | st.integers(-100, 100).map(lambda hours: NOW - timedelta(hours=hours)),
        "draft": st.booleans(),
        "flagged": st.booleans(),
        "replied_to": st.booleans(),
    }
)
own_rules = st.dictionaries(st.sampled_from(ALL), st.sampled_from([BILLS, NEWS, WORK]))
whats = st.sets(st.sampled_from([*ALL, INBOX, BILLS]))


@given(own_rules, whats, keepings, anything)
def test_whatever_is_asked(
    own: dict[Matcher, FolderKey], what: set[Any], keeping: Keeping, told: dict[str, Any]
) -> None:
    """Filed is only what no protection speaks of, by a rule that matches, into a folder that may be filed in."""
    message = facts(**told)
    found = evaluate(rules(*own.items(), targets=(NEWS, WORK)), protected(*what, keeping=keeping), message, NOW)
    ruled = [one for one in message.matchers if one in own]
    if isinstance(found, Files):
        assert found.rule.matcher == ruled[0]
        assert found.rule.folder in {NEWS, WORK}
        assert not message.draft
        assert not what & {*message.matchers, message.folder}
        assert not (message.flagged and keeping.flagged)
        assert not (message.replied_to and keeping.replied_to)
    elif found is None:
        assert not ruled
    else:
        without = evaluate(rules(), protected(*what, keeping=keeping), message, NOW)
        assert without == found or found.by == f"rul_{list(own).index(ruled[0])}"
