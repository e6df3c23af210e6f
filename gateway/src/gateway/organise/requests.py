"""What an owner asks for that takes long: written down first, then queued. What was written and not queued is found.

The row comes before the queue entry, so a crash in between loses nothing: take_up() queues what is still open.
"""

from collections.abc import Collection
from functools import partial

from sqlalchemy import Connection

from chassis.errors import FailedPrecondition
from gateway.audit.event import Event, Kind
from gateway.organise import ended, folders, moves, quota
from gateway.organise.apply import ApplyWorkflow
from gateway.organise.context import Context, now
from gateway.organise.scan import ScanWorkflow
from gateway.store import folders as folder_rows
from gateway.store import ids, mailboxes, move_runs, scans
from gateway.store.codes import FINAL_STATES, WorkState
from gateway.store.move_runs import MoveRun
from gateway.store.scans import Scan
from gateway.work import Work


async def scan(context: Context, work: Work, mailbox_id: str, folder_id: str | None) -> Scan:
    """A queued scan of a folder, the inbox when none is named. QuotaExceeded when the plan has no more this month."""
    source = await _source(context, mailbox_id, folder_id)
    person, wanted = await context.owner(mailbox_id), ids.new("scn")

    def create(connection: Connection) -> Scan:
        plan = quota.charge(connection, context.plans, person, wanted, now=now())
        mailboxes.lock(connection, mailbox_id)
        most = plan.messages_a_scan
        made = scans.create(connection, mailbox_id, scan_id=wanted, source_graph_id=source, now=now(), most=most)
        context.audit.record(connection, Event(Kind.SCAN_STARTED, mailbox=mailbox_id, object_id=made.id))
        return made

    new = await context.write(create)
    await work.start(ScanWorkflow.NAME, new.id, mailbox=mailbox_id)
    return new


async def cancel_scan(context: Context, work: Work, mailbox_id: str, scan_id: str) -> Scan:
    """Stops a scan; one that has ended stays as it ended."""

    def change(connection: Connection) -> Scan:
        found = scans.lock(connection, mailbox_id, scan_id)
        if found.state not in FINAL_STATES:
            ended.finish(context, connection, scan_id, WorkState.CANCELLED)
        return scans.get(connection, mailbox_id, scan_id)

    await work.cancel(scan_id)
    return await context.write(change)


async def approve(  # noqa: PLR0913  # what moves, what was seen, once only
    context: Context,
    work: Work,
    mailbox_id: str,
    scan_id: str,
    *,
    revision: int,
    key: str,
    only: Collection[str] | None,
) -> MoveRun:
    """A queued run over what the owner approved."""
    run = await moves.approve(context, mailbox_id, scan_id, revision=revision, key=key, only=only)
    await work.start(ApplyWorkflow.NAME, run.id, mailbox=mailbox_id)
    return run


async def undo(  # noqa: PLR0913  # what goes back, once only
    context: Context,
    work: Work,
    mailbox_id: str,
    run_id: str,
    *,
    key: str,
    only: Collection[str] | None,
) -> MoveRun:
    """A queued run that takes another back."""
    run = await moves.undo(context, mailbox_id, run_id, key=key, only=only)
    await work.start(ApplyWorkflow.NAME, run.id, mailbox=mailbox_id)
    return run


async def take_up(context: Context, work: Work) -> int:
    """At start: queues what is open and not paused; what is queued already is queued once. How many that were."""
    mailbox_ids = await context.read(mailboxes.all_ids)
    count = 0
    for mailbox_id in mailbox_ids:
        open_scans = await context.read(partial(scans.unfinished, mailbox_id=mailbox_id))
        open_runs = await context.read(partial(move_runs.unfinished, mailbox_id=mailbox_id))
        for row in open_scans:
            await work.start(ScanWorkflow.NAME, row.id, mailbox=mailbox_id, attempt=row.attempt)
        for run in open_runs:
            await work.start(ApplyWorkflow.NAME, run.id, mailbox=mailbox_id, attempt=run.attempt)
        count += len(open_scans) + len(open_runs)
    return count


async def _source(context: Context, mailbox_id: str, folder_id: str | None) -> str:
    if folder_id is not None:
        return (await context.read(lambda connection: folder_rows.get(connection, mailbox_id, folder_id))).graph_id
    live = await folders.refresh(context, mailbox_id)
    inbox = next((folder for folder in live if folder.well_known == "inbox"), None)
    if inbox is None:
        raise FailedPrecondition("this mailbox has no inbox that can be read")
    return inbox.graph_id
