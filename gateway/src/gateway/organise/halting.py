"""Pause, go on, stop. The owner's word is written down; work that is under way stands down at its next safe point.

That is the end of a page or of an attempt at a chain, when the journal says what the mailbox says or that it must be
asked. To go on is a new attempt, queued behind what has not stood down yet, so no two ever work on one mailbox.
"""

from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, Table

from gateway.audit.event import Event, Kind
from gateway.organise.apply import STOPPED, ApplyWorkflow
from gateway.organise.context import Context, now
from gateway.organise.scan import ScanWorkflow
from gateway.store import journal, move_runs, pausing, scans
from gateway.store.codes import FINAL_STATES, WorkState
from gateway.store.move_runs import MoveRun
from gateway.store.scans import Scan
from gateway.store.tables import move_run
from gateway.store.tables import scan as scan_table
from gateway.work import Work

Halted = TypeVar("Halted", Scan, MoveRun)


async def pause_scan(context: Context, mailbox_id: str, scan_id: str) -> Scan:
    """After the page in flight; one that has ended stays as it ended."""

    def change(connection: Connection) -> Scan:
        scans.get(connection, mailbox_id, scan_id)
        _pause(context, connection, scan_table, mailbox_id, scan_id, Kind.SCAN_PAUSED)
        return scans.get(connection, mailbox_id, scan_id)

    return await context.write(change)


async def resume_scan(context: Context, work: Work, mailbox_id: str, scan_id: str) -> Scan:
    """From the page at which it was paused; one that is not paused stays as it is."""

    def change(connection: Connection) -> Scan:
        scans.get(connection, mailbox_id, scan_id)
        _resume(context, connection, scan_table, mailbox_id, scan_id, Kind.SCAN_RESUMED)
        return scans.get(connection, mailbox_id, scan_id)

    return await _going_on(work, ScanWorkflow.NAME, await context.write(change))


async def pause_run(context: Context, mailbox_id: str, run_id: str) -> MoveRun:
    """After the attempts in flight; one that has ended, or is to stop, goes to its end."""

    def change(connection: Connection) -> MoveRun:
        if not move_runs.lock(connection, mailbox_id, run_id).stopping:
            _pause(context, connection, move_run, mailbox_id, run_id, Kind.MOVE_PAUSED)
        return move_runs.get(connection, mailbox_id, run_id)

    return await context.write(change)


async def resume_run(context: Context, work: Work, mailbox_id: str, run_id: str) -> MoveRun:
    """From the entry at which it was paused; one that is not paused stays as it is."""

    def change(connection: Connection) -> MoveRun:
        move_runs.lock(connection, mailbox_id, run_id)
        _resume(context, connection, move_run, mailbox_id, run_id, Kind.MOVE_RESUMED)
        return move_runs.get(connection, mailbox_id, run_id)

    return await _going_on(work, ApplyWorkflow.NAME, await context.write(change))


async def cancel_run(context: Context, work: Work, mailbox_id: str, run_id: str) -> MoveRun:
    """What has moved stays and can be undone, the rest is left alone and says so. What has ended stays as it ended."""
    return await _going_on(work, ApplyWorkflow.NAME, await context.write(partial(_stop, context, mailbox_id, run_id)))


def _stop(context: Context, mailbox_id: str, run_id: str, connection: Connection) -> MoveRun:
    """At once where nothing has begun; otherwise whoever works on it, or a new attempt, brings it to its end."""
    run = move_runs.lock(connection, mailbox_id, run_id)
    if run.state in FINAL_STATES or run.stopping:
        return run
    if run.state is WorkState.QUEUED:
        journal.leave(connection, run_id, STOPPED, now=now())
        move_runs.finish(connection, run_id, WorkState.CANCELLED, now=now())
    else:
        move_runs.stop(connection, run_id)
        pausing.resume(connection, move_run, run_id)
    context.audit.record(connection, Event(Kind.MOVE_STOPPED, mailbox=mailbox_id, object_id=run_id))
    return move_runs.get(connection, mailbox_id, run_id)


async def _going_on(work: Work, workflow: str, row: Halted) -> Halted:
    """Queued, if it is to go on; what is queued already is queued once."""
    if row.state not in FINAL_STATES and row.paused_at is None:
        await work.start(workflow, row.id, mailbox=row.mailbox_id, attempt=row.attempt)
    return row


def _pause(  # noqa: PLR0913, PLR0917  # what, whose, and what is recorded of it
    context: Context, connection: Connection, table: Table, mailbox_id: str, row_id: str, kind: Kind
) -> None:
    if pausing.pause(connection, table, row_id, now=now()):
        context.audit.record(connection, Event(kind, mailbox=mailbox_id, object_id=row_id))


def _resume(  # noqa: PLR0913, PLR0917  # as above
    context: Context, connection: Connection, table: Table, mailbox_id: str, row_id: str, kind: Kind
) -> None:
    if pausing.resume(connection, table, row_id):
        context.audit.record(connection, Event(kind, mailbox=mailbox_id, object_id=row_id))
