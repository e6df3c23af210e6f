"""From a preview that the owner approved to a run, and from a run to its undo. What was previewed is what moves.

Nothing is called here: a run and its journal are written in one transaction, the workflow of apply does the rest.
Held and review are in no bulk approval.
"""

from collections.abc import Collection, Sequence
from hashlib import sha256

from sqlalchemy import Connection

from chassis.errors import Conflict, FailedPrecondition, InvalidArgument
from gateway.audit.event import Event, Kind
from gateway.identity.needs_sign_in import NeedsConsent
from gateway.organise import folders
from gateway.organise.context import Context, now
from gateway.store import decisions, journal, mailboxes, move_runs, protections, scans, token_caches
from gateway.store import folders as rows
from gateway.store.codes import FINAL_STATES, Access, DecisionKind, WorkState
from gateway.store.decisions import Filters
from gateway.store.journal import JournalEntry, PlannedMove
from gateway.store.move_runs import MoveRun


async def approve(  # noqa: PLR0913  # what moves, what was seen, once only
    context: Context,
    mailbox_id: str,
    scan_id: str,
    *,
    revision: int,
    key: str,
    only: Collection[str] | None = None,
) -> MoveRun:
    """A queued run over all moves of the preview, or over those decisions alone. revision is what the owner saw."""

    def change(connection: Connection) -> MoveRun:
        scan = scans.lock(connection, mailbox_id, scan_id)
        planned = _planned(connection, mailbox_id, scan, only)
        started = move_runs.by_idempotency(connection, mailbox_id, _hash(key))
        if started is not None:
            return _same(connection, started, planned)
        scans.lock(connection, mailbox_id, scan_id, revision=revision)
        _refuse_without_consent(connection, mailbox_id)
        if scan.state is not WorkState.DONE:
            raise FailedPrecondition("the scan has not ended yet; approve its preview when it has")
        run = move_runs.create(connection, mailbox_id, scan_id=scan_id, idempotency_hash=_hash(key), now=now())
        journal.plan(connection, run.id, planned, now=now())
        event = Event(Kind.MOVE_APPROVED, mailbox=mailbox_id, object_id=run.id, amount=len(planned))
        context.audit.record(connection, event)
        return run._replace(total=len(planned))

    return await context.write(change)


async def undo(
    context: Context,
    mailbox_id: str,
    run_id: str,
    *,
    key: str,
    only: Collection[str] | None = None,
) -> MoveRun:
    """A queued run that takes back what a run moved: all of it, or these journal entries alone."""

    def change(connection: Connection) -> MoveRun:
        mailboxes.lock(connection, mailbox_id)
        run = move_runs.get(connection, mailbox_id, run_id)
        if run.state not in FINAL_STATES:
            raise FailedPrecondition("this run is still moving messages; undo it when it has ended")
        started = move_runs.by_idempotency(connection, mailbox_id, _hash(key))
        if started is not None:
            return _same_undo(connection, started, run, only)
        entries = _wanted(journal.undoable(connection, run_id), only)
        back = [PlannedMove(entry.message_id, entry.to_graph_id, entry.from_graph_id) for entry in entries]
        new = move_runs.create(
            connection, mailbox_id, scan_id=run.scan_id, undoes=run_id, idempotency_hash=_hash(key), now=now()
        )
        journal.plan(connection, new.id, back, now=now())
        event = Event(Kind.UNDO_APPROVED, mailbox=mailbox_id, object_id=new.id, amount=len(back))
        context.audit.record(connection, event)
        return new._replace(total=len(back))

    return await context.write(change)


def _refuse_without_consent(connection: Connection, mailbox_id: str) -> None:
    """Where Microsoft only lets us look, a run would fail message by message: its owner is asked first."""
    held = token_caches.get(connection, mailbox_id)
    if held is not None and held.access is Access.PREVIEW:
        raise NeedsConsent


def _planned(
    connection: Connection,
    mailbox_id: str,
    scan: scans.Scan,
    only: Collection[str] | None,
) -> list[PlannedMove]:
    targets = {row.id: row.graph_id for row in folders.open_rows(connection, mailbox_id)}
    _refuse_protected(connection, mailbox_id, scan)
    moves = decisions.every(connection, scan.id, Filters(kind=DecisionKind.MOVE))
    chosen = [one for one in moves if only is None or one.id in only]
    if only is not None and len(chosen) != len(set(only)):
        raise InvalidArgument("every decision that is named must be a move of this scan")
    if any(one.folder_id not in targets for one in chosen):
        raise FailedPrecondition("a folder of this preview is no longer chosen, or protected now; scan again")
    return [PlannedMove(one.message_id, scan.source_graph_id, targets[one.folder_id or ""]) for one in chosen]


def _refuse_protected(connection: Connection, mailbox_id: str, scan: scans.Scan) -> None:
    """Nothing leaves a folder that was protected since its preview."""
    protected = protections.folders(connection, mailbox_id)
    if any(
        row.id in protected and row.graph_id == scan.source_graph_id for row in rows.of_mailbox(connection, mailbox_id)
    ):
        raise FailedPrecondition("the folder of this preview is protected now; nothing leaves it")


def _wanted(entries: Sequence[JournalEntry], only: Collection[str] | None) -> list[JournalEntry]:
    wanted = [entry for entry in entries if only is None or entry.id in only]
    if only is not None and len(wanted) != len(set(only)):
        raise InvalidArgument("every entry that is named must have been moved by this run and not be undone")
    return wanted


def _same(connection: Connection, started: MoveRun, planned: Sequence[PlannedMove]) -> MoveRun:
    """The run that this key started, if it was for the same; otherwise the key was used twice."""
    entries = journal.page(connection, started.id, limit=len(planned) + 1)
    if [PlannedMove(e.message_id, e.from_graph_id, e.to_graph_id) for e in entries] != list(planned):
        raise Conflict("this Idempotency-Key was used for something else; use a new one")
    return started


def _same_undo(connection: Connection, started: MoveRun, run: MoveRun, only: Collection[str] | None) -> MoveRun:
    """The undo that this key started, if it was of this run and for the same; otherwise the key was used twice."""
    taken = {entry.message_id for entry in journal.page(connection, started.id, limit=started.total)}
    if only is None:
        same = {entry.message_id for entry in journal.undoable(connection, run.id)} <= taken
    else:
        entries = journal.page(connection, run.id, limit=run.total)
        same = {entry.message_id for entry in entries if entry.id in only} == taken
    if started.undoes != run.id or not same:
        raise Conflict("this Idempotency-Key was used for something else; use a new one")
    return started


def _hash(key: str) -> bytes:
    return sha256(key.encode()).digest()
