"""Scans: one pass over one folder of a mailbox. The revision counts what changes a preview, and is its ETag."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, insert, select, tuple_, update

from gateway.store import ids, mailboxes
from gateway.store.codes import FINAL_STATES, OPEN_STATES, Progress, WorkState
from gateway.store.errors import IllegalTransition, RowAbsent, StaleVersion
from gateway.store.tables import scan


class Scan(NamedTuple):
    """`done` = decisions saved, `learned` = filed messages learned from, `total` = messages expected.

    `most` = messages that it looks at, None for all; `pages` = pages decided; `cursor_sealed` = where the next one is,
    None before the first and after the last; `pace_us` = microseconds a message of late, None before the first page.
    `paused_at` = since when its owner lets it rest; `attempt` counts the workflows that it had before this one.
    """

    id: str
    mailbox_id: str
    state: WorkState
    source_graph_id: str
    total: int
    done: int
    learned: int
    pages: int
    cursor_sealed: bytes | None
    revision: int
    error_code: str | None
    created_at: int
    finished_at: int | None
    most: int | None
    pace_us: int | None
    paused_at: int | None
    attempt: int

    @property
    def progress(self) -> Progress:
        """Where it stands, as its owner is told."""
        return Progress.of(self.state, self.paused_at)


def create(  # noqa: PLR0913  # one keyword for each column that has no default
    connection: Connection,
    mailbox_id: str,
    *,
    source_graph_id: str,
    now: int,
    most: int | None = None,
    scan_id: str | None = None,
) -> Scan:
    """A queued scan of one mail folder, of its first `most` messages. scan_id: one that was charged already."""
    queued = WorkState.QUEUED
    new = Scan(
        *(scan_id or ids.new("scn"), mailbox_id, queued, source_graph_id, 0, 0, 0, 0, None, 1, None, now, None, most),
        *(None, None, 0),
    )
    connection.execute(insert(scan), new._asdict())
    return new


def get(connection: Connection, mailbox_id: str, scan_id: str) -> Scan:
    """One scan of a mailbox. Raises RowAbsent."""
    row = connection.execute(select(scan).where(scan.c.id == scan_id, scan.c.mailbox_id == mailbox_id)).one_or_none()
    if row is None:
        raise RowAbsent("no such scan")
    return Scan(**row._asdict())


def by_id(connection: Connection, scan_id: str) -> Scan:
    """One scan, for work that was authorised when it was queued. Raises RowAbsent."""
    row = connection.execute(select(scan).where(scan.c.id == scan_id)).one_or_none()
    if row is None:
        raise RowAbsent("no such scan")
    return Scan(**row._asdict())


def lock(connection: Connection, mailbox_id: str, scan_id: str, *, revision: int | None = None) -> Scan:
    """The scan, if it stands at `revision`; its mailbox is held, so what its owner does goes one after the other.

    Until the transaction ends. Raises RowAbsent, StaleVersion.
    """
    mailboxes.lock(connection, mailbox_id)
    found = get(connection, mailbox_id, scan_id)
    if revision is not None and found.revision != revision:
        raise StaleVersion("the preview has changed since it was read; read it again")
    return found


def recent(connection: Connection, mailbox_id: str, *, limit: int, before: Scan | None = None) -> list[Scan]:
    """A mailbox's scans, newest first; `before` is the last of the previous page."""
    query = select(scan).where(scan.c.mailbox_id == mailbox_id).order_by(scan.c.created_at.desc(), scan.c.id.desc())
    if before is not None:
        query = query.where(tuple_(scan.c.created_at, scan.c.id) < (before.created_at, before.id))
    return [Scan(**row._asdict()) for row in connection.execute(query.limit(limit))]


def of_mailbox(connection: Connection, mailbox_id: str) -> list[Scan]:
    """All scans of a mailbox, oldest first."""
    query = select(scan).where(scan.c.mailbox_id == mailbox_id).order_by(scan.c.created_at, scan.c.id)
    return [Scan(**row._asdict()) for row in connection.execute(query)]


def unfinished(connection: Connection, mailbox_id: str) -> list[Scan]:
    """A mailbox's queued and running scans that are not paused, oldest first."""
    going = scan.c.state.in_(OPEN_STATES) & scan.c.paused_at.is_(None)
    query = select(scan).where(scan.c.mailbox_id == mailbox_id, going).order_by(scan.c.created_at)
    return [Scan(**row._asdict()) for row in connection.execute(query)]


def start(connection: Connection, scan_id: str, *, total: int) -> None:
    """Queued, or running before a restart, to running. Raises IllegalTransition, of a paused one too."""
    _step(connection, scan_id, {"state": WorkState.RUNNING, "total": total}, scan.c.paused_at.is_(None))


def add_learned(connection: Connection, scan_id: str, count: int) -> None:
    """Count messages learned from; `count` is what learned_messages.record said was new."""
    _step(connection, scan_id, {"learned": scan.c.learned + count})


def turn_page(
    connection: Connection, scan_id: str, *, from_page: int, cursor_sealed: bytes | None, pace_us: int | None = None
) -> None:
    """One page is decided; where the next one is, None after the last. Raises IllegalTransition if counted before.

    pace_us: what a message of it took, None to leave what is known.
    """
    measured = scan.c.pace_us if pace_us is None else pace_us
    values: dict[str, object] = {"pages": from_page + 1, "cursor_sealed": cursor_sealed, "pace_us": measured}
    _step(connection, scan_id, values, scan.c.pages == from_page)


def finish(connection: Connection, scan_id: str, state: WorkState, *, now: int, error_code: str | None = None) -> None:
    """Close an open scan as done, failed or cancelled. Raises IllegalTransition."""
    if state not in FINAL_STATES:
        raise IllegalTransition("a scan finishes as done, failed or cancelled")
    _step(connection, scan_id, {"state": state, "error_code": error_code, "finished_at": now, "paused_at": None})


def _step(
    connection: Connection, scan_id: str, values: dict[str, object], provided: ColumnElement[bool] | None = None
) -> None:
    still_open = (scan.c.id == scan_id) & scan.c.state.in_(OPEN_STATES)
    if provided is not None:
        still_open &= provided
    changed = update(scan).where(still_open).values({**values, "revision": scan.c.revision + 1})
    if connection.execute(changed).rowcount != 1:
        raise IllegalTransition("the scan is finished, or there is none")
