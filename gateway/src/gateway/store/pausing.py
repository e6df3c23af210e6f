"""Pausing of scans and move runs: what is paused stays open, is taken up by nobody, and goes on as a new attempt."""

from sqlalchemy import ColumnElement, Connection, Table, update

from gateway.store.codes import OPEN_STATES


def pause(connection: Connection, table: Table, row_id: str, *, now: int) -> bool:
    """Whether that changed anything: what has ended or is paused stays as it is."""
    running = _open(table, row_id) & table.c.paused_at.is_(None)
    return connection.execute(update(table).where(running).values(paused_at=now)).rowcount == 1


def resume(connection: Connection, table: Table, row_id: str) -> bool:
    """Whether that changed anything: only what is paused goes on, under the next attempt's number."""
    paused = _open(table, row_id) & table.c.paused_at.is_not(None)
    values = {"paused_at": None, "attempt": table.c.attempt + 1}
    return connection.execute(update(table).where(paused).values(values)).rowcount == 1


def _open(table: Table, row_id: str) -> ColumnElement[bool]:
    return (table.c.id == row_id) & table.c.state.in_(OPEN_STATES)
