"""What the owner decides otherwise in a preview: about one message, several that are named, or all of one sender.

One message may go anywhere but a held one, which must be released first. Many at a time are those alone that nobody
has to look at: what is held, for review, or stays because a protection or a habit says so is changed by itself.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from chassis.errors import FailedPrecondition, InvalidArgument
from gateway.organise import words
from gateway.organise.context import Context
from gateway.organise.rules.protection import StayReason
from gateway.store import decisions, folders, mailboxes, protections, scans
from gateway.store.codes import DecidedBy, DecisionKind
from gateway.store.decisions import Decision, Filters


class One(NamedTuple):
    """A decision as the owner changed it, and how many of the same sender could be changed likewise."""

    decision: Decision
    alike: int


class Many(NamedTuple):
    """How many were changed, the ids of those that were left alone, and the revision after it."""

    changed: int
    left: list[str]
    revision: int


async def one(  # noqa: PLR0913  # what to change, to what, and what the owner saw
    context: Context, mailbox_id: str, scan_id: str, decision_id: str, *, folder_id: str | None, revision: int
) -> One:
    """Into a chosen folder, or (None) it stays."""

    def change(connection: Connection) -> One:
        before = _subject(connection, mailbox_id, scan_id, decision_id, revision)
        _refuse_closed(connection, mailbox_id, folder_id)
        _write(connection, scan_id, [before], folder_id, revision)
        after = decisions.get(connection, scan_id, decision_id)
        return One(after, len(_alike(context, connection, after, folder_id)))

    return await context.write(change)


async def alike(  # noqa: PLR0913  # as above
    context: Context, mailbox_id: str, scan_id: str, decision_id: str, *, folder_id: str | None, revision: int
) -> Many:
    """The other messages of that one's sender go there too, or (None) stay."""

    def change(connection: Connection) -> Many:
        model = _subject(connection, mailbox_id, scan_id, decision_id, revision)
        _refuse_closed(connection, mailbox_id, folder_id)
        found = _alike(context, connection, model, folder_id)
        return Many(len(found), [], _write(connection, scan_id, found, folder_id, revision))

    return await context.write(change)


async def several(  # noqa: PLR0913  # as above
    context: Context,
    mailbox_id: str,
    scan_id: str,
    decision_ids: Sequence[str],
    *,
    folder_id: str | None,
    revision: int,
) -> Many:
    """These (decisions.BATCH at most) go there, or (None) stay."""

    def change(connection: Connection) -> Many:
        scans.lock(connection, mailbox_id, scan_id, revision=revision)
        found = decisions.named(connection, scan_id, decision_ids)
        if len(found) != len(set(decision_ids)):
            raise InvalidArgument("every decision that is named must be of this scan")
        _refuse_closed(connection, mailbox_id, folder_id)
        left = [decision.id for decision in found if not changeable_together(decision)]
        wanted = [decision for decision in found if changeable_together(decision)]
        return Many(len(wanted), left, _write(connection, scan_id, wanted, folder_id, revision))

    return await context.write(change)


def changeable_together(decision: Decision) -> bool:
    """Whether this may be changed as one of many. Pure."""
    stays = decision.decided_by is DecidedBy.ENGINE and decision.reason in set(StayReason)
    return decision.kind in {DecisionKind.MOVE, DecisionKind.KEEP} and not stays


def _subject(connection: Connection, mailbox_id: str, scan_id: str, decision_id: str, revision: int) -> Decision:
    """The decision that the owner points at, with its scan held."""
    scans.lock(connection, mailbox_id, scan_id, revision=revision)
    found = decisions.get(connection, scan_id, decision_id)
    if found.kind is DecisionKind.HOLD:
        raise FailedPrecondition("a held message moves nowhere; release it first")
    return found


def _alike(context: Context, connection: Connection, model: Decision, folder_id: str | None) -> list[Decision]:
    """The others of the same sender that are to go elsewhere; none when there is no sender to know them by."""
    person = mailboxes.get(connection, model.mailbox_id).person_id
    if model.sender_hash == context.vault.sender_hash(connection, person, ""):
        return []
    same = decisions.every(connection, model.scan_id, Filters(sender_hash=model.sender_hash))
    goal = (_kind(folder_id), folder_id)
    others = (one for one in same if one.id != model.id and (one.kind, one.folder_id) != goal)
    return [one for one in others if changeable_together(one)]


def _write(
    connection: Connection, scan_id: str, found: Sequence[Decision], folder_id: str | None, revision: int
) -> int:
    """All of them at once; the revision after it, which is another one only if something changed."""
    if not found:
        return revision
    kind = _kind(folder_id)
    ids = [decision.id for decision in found]
    decisions.change(connection, scan_id, ids, kind=kind, folder_id=folder_id, revision=revision)
    words.changed(connection, [(before, before._replace(kind=kind, folder_id=folder_id)) for before in found])
    return revision + 1


def _kind(folder_id: str | None) -> DecisionKind:
    return DecisionKind.KEEP if folder_id is None else DecisionKind.MOVE


def _refuse_closed(connection: Connection, mailbox_id: str, folder_id: str | None) -> None:
    if folder_id is not None and not folders.get(connection, mailbox_id, folder_id).chosen:
        raise InvalidArgument("this folder is not chosen for filing; choose it first")
    if folder_id in protections.folders(connection, mailbox_id):
        raise InvalidArgument("this folder is protected; end its protection first")
