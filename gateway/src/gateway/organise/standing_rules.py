"""The owner's rules: made, pointed elsewhere, removed, told. Nothing else makes one."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from chassis.errors import Conflict, FailedPrecondition, InvalidArgument
from gateway.audit.event import Event, Kind
from gateway.organise import folders, groups, rulebook
from gateway.organise.choice import FolderKey
from gateway.organise.context import Context, now
from gateway.organise.rules import sentence
from gateway.organise.rules.matcher import Matcher, form
from gateway.store import folders as folder_rows
from gateway.store import ids, rules
from gateway.store.codes import MatcherKind
from gateway.store.errors import Duplicate, TooMany
from gateway.vault.vault import Cell


class RuleState(StrEnum):
    """Whether it can be carried out: its folder must be one that mail may be filed in."""

    ACTIVE = "active"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class StandingRule:
    """A rule as its owner sees it. text: of the matcher; sentence: the whole of it."""

    id: str
    kind: MatcherKind
    text: str
    folder: FolderKey
    state: RuleState
    sentence: str
    created_at: int


async def told(context: Context, mailbox_id: str) -> list[StandingRule]:
    """All of a mailbox's, oldest first."""

    def query(connection: Connection) -> list[StandingRule]:
        names = folders.names(connection, context.vault, mailbox_id)
        return [_told(connection, context, row, names) for row in rules.of_mailbox(connection, mailbox_id)]

    return await context.read(query)


async def make(context: Context, mailbox_id: str, kind: MatcherKind, text: str, folder_id: str) -> StandingRule:
    """The rule, made, or the one that says the same. Raises InvalidArgument, Conflict, FailedPrecondition."""
    matcher = rulebook.matcher(kind, text)
    return await context.write(lambda connection: made(connection, context, mailbox_id, matcher, folder_id))


def made(connection: Connection, context: Context, mailbox_id: str, matcher: Matcher, folder_id: str) -> StandingRule:
    """make, in the transaction of what it belongs to."""
    names = _open_folder(connection, context, mailbox_id, folder_id)
    kind, text = form(matcher)
    new = ids.new("rul")
    (keyed_hash,) = groups.hashes(connection, context.vault, mailbox_id, [matcher])
    sealed = rulebook.seal(connection, context.vault, mailbox_id, Cell("rule", new, "sealed"), text)
    try:
        kept = rules.add(connection, rules.Rule(new, mailbox_id, kind, keyed_hash, sealed, folder_id, now()))
    except Duplicate:
        raise Conflict("there is a rule for this already that names another folder; change that one") from None
    except TooMany:
        raise FailedPrecondition(f"{rules.MOST} rules are kept for a mailbox; remove one first") from None
    if kept.id == new:
        context.audit.record(connection, Event(Kind.RULE_MADE, mailbox=mailbox_id, object_id=new))
    return _told(connection, context, kept, names)


async def point(context: Context, mailbox_id: str, rule_id: str, folder_id: str) -> StandingRule:
    """From the next scan on, the rule files into this folder."""

    def change(connection: Connection) -> StandingRule:
        names = _open_folder(connection, context, mailbox_id, folder_id)
        row = rules.point(connection, mailbox_id, rule_id, folder_id)
        context.audit.record(connection, Event(Kind.RULE_CHANGED, mailbox=mailbox_id, object_id=rule_id))
        return _told(connection, context, row, names)

    return await context.write(change)


async def remove(context: Context, mailbox_id: str, rule_id: str) -> None:
    """From the next scan on, nothing is filed by it."""

    def change(connection: Connection) -> None:
        rules.remove(connection, mailbox_id, rule_id)
        context.audit.record(connection, Event(Kind.RULE_REMOVED, mailbox=mailbox_id, object_id=rule_id))

    await context.write(change)


def _open_folder(connection: Connection, context: Context, mailbox_id: str, folder_id: str) -> Mapping[str, str]:
    """Names of the folders that mail may be filed in. Raises RowAbsent, InvalidArgument if this one is none."""
    folder_rows.get(connection, mailbox_id, folder_id)
    names = folders.names(connection, context.vault, mailbox_id)
    if folder_id not in names:
        raise InvalidArgument("mail may not be filed in this folder; choose it first, or end its protection")
    return names


def _told(connection: Connection, context: Context, row: rules.Rule, names: Mapping[str, str]) -> StandingRule:
    rule = rulebook.opened_rule(connection, context.vault, row)
    name = names.get(rule.folder)
    said = sentence.paused(rule.matcher) if name is None else sentence.files(rule.matcher, name)
    state = RuleState.PAUSED if name is None else RuleState.ACTIVE
    return StandingRule(row.id, *form(rule.matcher), rule.folder, state, said, row.created_at)
