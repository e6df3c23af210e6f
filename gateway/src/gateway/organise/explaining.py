"""Why a rule or a protection decided as it did, in a sentence: from what is sealed, for one answer."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection

from gateway.organise import folders, rulebook
from gateway.organise.rules import sentence
from gateway.organise.rules.matcher import Matcher
from gateway.organise.rules.protection import Protection, StayReason
from gateway.organise.rules.rule import Rule
from gateway.store import protections, rules
from gateway.store.codes import DecidedBy
from gateway.store.decisions import Decision
from gateway.vault.vault import Vault


def sentences(connection: Connection, vault: Vault, mailbox_id: str, found: Sequence[Decision]) -> dict[str, str]:
    """Decision id to sentence, of those that a rule, a protection or a habit made."""
    ruled = [one for one in found if one.decided_by is DecidedBy.ENGINE]
    standing = _standing(connection, vault, mailbox_id, {one.ruled_by for one in ruled} - {None})
    names = folders.all_names(connection, vault, mailbox_id) if standing else {}
    told = {one.id: _sentence(one, standing, names) for one in ruled}
    return {decision_id: said for decision_id, said in told.items() if said is not None}


def _standing(
    connection: Connection, vault: Vault, mailbox_id: str, wanted: Collection[str | None]
) -> Mapping[str, Rule | Protection]:
    """Those that are named, opened; nothing is read when none is."""
    found: dict[str, Rule | Protection] = {}
    for row in rules.of_mailbox(connection, mailbox_id) if wanted else ():
        if row.id in wanted:
            found[row.id] = rulebook.opened_rule(connection, vault, row)
    for held in protections.of_mailbox(connection, mailbox_id) if wanted else ():
        if held.id in wanted:
            found[held.id] = rulebook.opened_protection(connection, vault, held)
    return found


def _sentence(decision: Decision, standing: Mapping[str, Rule | Protection], names: Mapping[str, str]) -> str | None:
    if decision.ruled_by is None:
        return sentence.habit(decision.reason)
    found = standing.get(decision.ruled_by)
    if found is None:
        return sentence.REMOVED
    if isinstance(found, Rule):
        return _of_rule(decision, found.matcher, names.get(decision.folder_id or found.folder, sentence.GONE))
    return _of_protection(found, names)


def _of_protection(found: Protection, names: Mapping[str, str]) -> str:
    if isinstance(found.what, str):
        return sentence.protects_folder(names.get(found.what, sentence.GONE))
    return sentence.protects(found.what)


def _of_rule(decision: Decision, matcher: Matcher, folder: str) -> str:
    """The folder is the decision's: the rule may have been pointed elsewhere since."""
    if decision.reason == StayReason.RULE_PAUSED:
        return sentence.paused(matcher)
    return (sentence.at_goal if decision.reason == StayReason.RULE_AT_GOAL else sentence.files)(matcher, folder)
