"""What the owner protects: made, removed, told."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from chassis.errors import FailedPrecondition
from gateway.audit.event import Event, Kind
from gateway.organise import folders, groups, rulebook
from gateway.organise.context import Context, now
from gateway.organise.rules import sentence
from gateway.organise.rules.matcher import Matcher, form
from gateway.store import folders as folder_rows
from gateway.store import ids, mailboxes, protections
from gateway.store.codes import MatcherKind, ProtectionKind
from gateway.store.errors import TooMany
from gateway.store.protections import Protection
from gateway.vault.vault import Cell


@dataclass(frozen=True, slots=True)
class StandingProtection:
    """A protection as its owner sees it. text: of the matcher, or the id of the folder."""

    id: str
    kind: ProtectionKind
    text: str
    sentence: str
    created_at: int


async def told(context: Context, mailbox_id: str) -> list[StandingProtection]:
    """All of a mailbox's, oldest first."""

    def query(connection: Connection) -> list[StandingProtection]:
        names = folders.all_names(connection, context.vault, mailbox_id)
        return [_told(connection, context, row, names) for row in protections.of_mailbox(connection, mailbox_id)]

    return await context.read(query)


async def make(context: Context, mailbox_id: str, kind: ProtectionKind, text: str) -> StandingProtection:
    """The protection, made, or the one that says the same. Raises RowAbsent, InvalidArgument, FailedPrecondition."""
    matcher = None if kind is ProtectionKind.FOLDER else rulebook.matcher(MatcherKind(kind), text)

    def change(connection: Connection) -> StandingProtection:
        if matcher is None:
            return _kept(connection, context, _folder(connection, context, mailbox_id, text))
        return _kept(connection, context, _mail(connection, context, mailbox_id, matcher))

    return await context.write(change)


async def remove(context: Context, mailbox_id: str, protection_id: str) -> None:
    """From the next scan on, it protects nothing."""

    def change(connection: Connection) -> None:
        protections.remove(connection, mailbox_id, protection_id)
        context.audit.record(connection, Event(Kind.PROTECTION_REMOVED, mailbox=mailbox_id, object_id=protection_id))

    await context.write(change)


def _mail(connection: Connection, context: Context, mailbox_id: str, matcher: Matcher) -> Protection:
    new, (kind, text) = ids.new("pro"), form(matcher)
    (keyed_hash,) = groups.hashes(connection, context.vault, mailbox_id, [matcher])
    sealed = rulebook.seal(connection, context.vault, mailbox_id, Cell("protection", new, "sealed"), text)
    return Protection(new, mailbox_id, ProtectionKind(kind), keyed_hash, sealed, None, now())


def _folder(connection: Connection, context: Context, mailbox_id: str, folder_id: str) -> Protection:
    folder_rows.get(connection, mailbox_id, folder_id)
    person = mailboxes.get(connection, mailbox_id).person_id
    (keyed_hash,) = context.vault.mark_hashes(connection, person, mailbox_id, [("protection.folder", folder_id)])
    return Protection(ids.new("pro"), mailbox_id, ProtectionKind.FOLDER, keyed_hash, None, folder_id, now())


def _kept(connection: Connection, context: Context, new: Protection) -> StandingProtection:
    try:
        kept = protections.add(connection, new)
    except TooMany:
        raise FailedPrecondition(f"{protections.MOST} protections are kept for a mailbox; remove one first") from None
    if kept.id == new.id:
        context.audit.record(connection, Event(Kind.PROTECTION_MADE, mailbox=new.mailbox_id, object_id=new.id))
    return _told(connection, context, kept, folders.all_names(connection, context.vault, new.mailbox_id))


def _told(connection: Connection, context: Context, row: Protection, names: Mapping[str, str]) -> StandingProtection:
    what = rulebook.opened_protection(connection, context.vault, row).what
    if isinstance(what, str):
        said = sentence.protects_folder(names.get(what, sentence.GONE))
        return StandingProtection(row.id, row.kind, what, said, row.created_at)
    return StandingProtection(row.id, row.kind, form(what)[1], sentence.protects(what), row.created_at)
