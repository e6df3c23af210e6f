"""The end of a scan, whoever brings it about: what it cost is settled and the event recorded, in one transaction."""

from sqlalchemy import Connection

from gateway.audit.event import Event, Kind, Outcome
from gateway.organise import quota
from gateway.organise.context import Context, now
from gateway.store import scans
from gateway.store.codes import WorkState


def finish(
    context: Context, connection: Connection, scan_id: str, state: WorkState, *, error_code: str | None = None
) -> None:
    """Closes an open scan. Raises IllegalTransition."""
    scans.finish(connection, scan_id, state, now=now(), error_code=error_code)
    scan = scans.by_id(connection, scan_id)
    quota.settle(connection, scan_id, state, done=scan.done)
    outcome = Outcome.FAILED if state is WorkState.FAILED else Outcome.DONE
    event = Event(
        Kind.SCAN_FINISHED,
        outcome,
        mailbox=scan.mailbox_id,
        object_id=scan_id,
        reason=error_code or state.value,
        amount=scan.done,
    )
    context.audit.record(connection, event)
