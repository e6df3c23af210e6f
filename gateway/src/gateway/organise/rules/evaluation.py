"""From rules, protections and the facts of a message to what they say of it, if anything. Pure; first match.

Protections always come before rules, a narrower matcher before a wider one. A rule that can't be carried out keeps the
message: what its owner decided is no model's to decide otherwise. Nothing here knows of verdicts: decide() asks last.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.organise.rules.facts import Facts
from gateway.organise.rules.matcher import form
from gateway.organise.rules.protection import Protections, StayReason
from gateway.organise.rules.rule import Rule, Rules
from gateway.store.codes import MatcherKind


@dataclass(frozen=True, slots=True)
class Files:
    """A rule sends it into the rule's folder."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class Stays:
    """It stays where it is. by: the id of the protection or rule; None when it is a habit or a draft."""

    reason: StayReason
    by: str | None = None


Match = Files | Stays

_PROTECTED: Final = {
    MatcherKind.SENDER: StayReason.PROTECTED_SENDER,
    MatcherKind.LIST: StayReason.PROTECTED_LIST,
    MatcherKind.ORGANISATION: StayReason.PROTECTED_ORGANISATION,
}


def evaluate(rules: Rules, protections: Protections, facts: Facts, now: datetime) -> Match | None:
    """What the first that speaks says; None: nobody does, and an engine may choose."""
    return _protected(protections, facts) or _habit(protections, facts, now) or _ruled(rules, facts)


def _protected(protections: Protections, facts: Facts) -> Stays | None:
    if facts.draft:
        return Stays(StayReason.DRAFT)
    if facts.folder is not None and facts.folder in protections.folders:
        return Stays(StayReason.PROTECTED_FOLDER, protections.folders[facts.folder].id)
    for matcher in facts.matchers:
        if matcher in protections.by_matcher:
            return Stays(_PROTECTED[form(matcher)[0]], protections.by_matcher[matcher].id)
    return None


def _habit(protections: Protections, facts: Facts, now: datetime) -> Stays | None:
    keeping = protections.keeping
    if keeping.flagged and facts.flagged:
        return Stays(StayReason.FLAGGED)
    if keeping.replied_to and facts.replied_to:
        return Stays(StayReason.REPLIED_TO)
    if _is_recent(keeping.younger_than_hours, facts.received_at, now):
        return Stays(StayReason.RECENT)
    return None


def _is_recent(hours: int, received_at: datetime | None, now: datetime) -> bool:
    """Without a time, nobody knows that it is old enough."""
    return hours > 0 and (received_at is None or now - received_at < timedelta(hours=hours))


def _ruled(rules: Rules, facts: Facts) -> Match | None:
    rule = next((rules.by_matcher[one] for one in facts.matchers if one in rules.by_matcher), None)
    if rule is None:
        return None
    if rule.folder == facts.folder:
        return Stays(StayReason.RULE_AT_GOAL, rule.id)
    return Files(rule) if rule.folder in rules.targets else Stays(StayReason.RULE_PAUSED, rule.id)
