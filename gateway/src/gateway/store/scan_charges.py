"""Scans that count against a plan, by UTC month. A charge outlives its scan's mailbox: a new one brings none back."""

from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from gateway.store.tables import scan_charge

KEPT_MONTHS: Final = 1  # besides the running one


def of_month(connection: Connection, person_id: str, month: int) -> int:
    """How many."""
    theirs = (scan_charge.c.person_id == person_id) & (scan_charge.c.month == month)
    return connection.execute(select(func.count()).select_from(scan_charge).where(theirs)).scalar_one()


def add(connection: Connection, person_id: str, scan_id: str, month: int) -> None:
    """One more; what is older than last month is forgotten."""
    old = (scan_charge.c.person_id == person_id) & (scan_charge.c.month < month - KEPT_MONTHS)
    connection.execute(delete(scan_charge).where(old))
    connection.execute(insert(scan_charge), {"scan_id": scan_id, "person_id": person_id, "month": month})


def remove(connection: Connection, scan_id: str) -> None:
    """Give it back. Repeatable."""
    connection.execute(delete(scan_charge).where(scan_charge.c.scan_id == scan_id))
