"""The trail: which kind of thing happened to which id, when, how often. Codes only; the column refuses text."""

from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, tuple_

from gateway.store import ids
from gateway.store.tables import audit_event


class AuditEvent(NamedTuple):
    """`kind` is a dotted code such as `run.started`; `amount` is of how many things it tells."""

    id: str
    mailbox_id: str | None
    person_id: str | None
    at: int
    kind: str
    amount: int
    run_id: str | None


def record(  # noqa: PLR0913  # one keyword for each column
    connection: Connection,
    kind: str,
    *,
    now: int,
    mailbox_id: str | None = None,
    person_id: str | None = None,
    amount: int = 1,
    run_id: str | None = None,
) -> None:
    """Write one event into the transaction of what it tells of."""
    event = AuditEvent(ids.new("evt"), mailbox_id, person_id, now, kind, amount, run_id)
    connection.execute(insert(audit_event), event._asdict())


def of_mailbox(
    connection: Connection, mailbox_id: str, *, limit: int, before: AuditEvent | None = None
) -> list[AuditEvent]:
    """A mailbox's events, newest first; `before` is the last of the previous page."""
    query = select(audit_event).where(audit_event.c.mailbox_id == mailbox_id)
    if before is not None:
        query = query.where(tuple_(audit_event.c.at, audit_event.c.id) < (before.at, before.id))
    rows = connection.execute(query.order_by(audit_event.c.at.desc(), audit_event.c.id.desc()).limit(limit))
    return [AuditEvent(**row._asdict()) for row in rows]


def purge(connection: Connection, *, before: int) -> int:
    """Delete what is older than the retention; returns how many."""
    return connection.execute(delete(audit_event).where(audit_event.c.at < before)).rowcount
