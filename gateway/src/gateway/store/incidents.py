"""The rows of the register of incidents: one numbered chain. What the numbers, hashes and seals mean is incidents'.

Guarantee, held by triggers of the database: a row is never changed and never goes.
"""

from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from gateway.store.tables import incident_entry


class Row(NamedTuple):
    """One entry. `at` in unix ms; `kind` and `role` are codes; `sealed` is what was said.

    The columns before `hash` are what it is made of, in this order.
    """

    seq: int
    incident_id: str
    at: int
    kind: str
    role: str
    sealed: bytes
    hash: bytes
    mac: bytes
    key_id: str


def append(connection: Connection, new: Row) -> None:
    """The next entry. Hold the head of the audit log first, so that numbers have neither gap nor fork."""
    connection.execute(insert(incident_entry), new._asdict())


def last(connection: Connection) -> Row | None:
    """The newest entry of all."""
    found = connection.execute(select(incident_entry).order_by(incident_entry.c.seq.desc()).limit(1)).one_or_none()
    return None if found is None else Row(**found._asdict())


def of(connection: Connection, incident_id: str) -> list[Row]:
    """The entries of one incident, in order."""
    query = select(incident_entry).where(incident_entry.c.incident_id == incident_id)
    return [Row(**row._asdict()) for row in connection.execute(query.order_by(incident_entry.c.seq))]


def every(connection: Connection) -> list[Row]:
    """The whole register, in order. An installation has few incidents: it fits into memory."""
    return [Row(**row._asdict()) for row in connection.execute(select(incident_entry).order_by(incident_entry.c.seq))]
