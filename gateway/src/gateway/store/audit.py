"""The rows of the audit log: events in two numbered chains, their heads, and the cuts that retention made.

Guarantees, held by triggers of the database: an event or a cut is never changed; an event goes only when a cut covers
it; the head only moves on by one. What the numbers and hashes mean is gateway.audit's.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from gateway.store.tables import audit_cut, audit_event, audit_head


class Entry(NamedTuple):
    """One event. Times in unix ms; marks are pseudonyms of 16 bytes; `reason`, `kind`... are codes.

    The columns before `hash` are what it is made of, in this order.
    """

    log: str
    seq: int
    id: str
    at: int
    kind: str
    outcome: str
    reason: str | None
    person_mark: bytes | None
    mailbox_mark: bytes | None
    object_id: str | None
    amount: int
    service: str
    network_mark: bytes | None
    trace_id: str | None
    hash: bytes
    mac: bytes
    key_id: str


class Head(NamedTuple):
    """The number and hash of a chain's last event; 0 and zeros before the first."""

    log: str
    seq: int
    hash: bytes


class Cut(NamedTuple):
    """Everything up to `seq`, whose hash is kept, was deleted at `at`; `signature` proves that we did it."""

    log: str
    seq: int
    hash: bytes
    at: int
    key_id: str
    signature: bytes


def lock_head(connection: Connection, log: str) -> Head | None:
    """The head, held until this transaction ends, so that numbers have neither gap nor fork; None: it was removed."""
    row = connection.execute(_head(log).with_for_update()).one_or_none()
    return None if row is None else Head(**row._asdict())


def head(connection: Connection, log: str) -> Head | None:
    """The head as it is."""
    row = connection.execute(_head(log)).one_or_none()
    return None if row is None else Head(**row._asdict())


def append(connection: Connection, new: Entry) -> None:
    """The next event, and the head on it. Hold the head first."""
    connection.execute(insert(audit_event), new._asdict())
    moved = update(audit_head).where(audit_head.c.log == new.log)
    connection.execute(moved.values(seq=new.seq, hash=new.hash))


def after(connection: Connection, log: str, seq: int, *, limit: int) -> list[Entry]:
    """Up to `limit` events numbered above `seq`, in order."""
    query = select(audit_event).where(audit_event.c.log == log, audit_event.c.seq > seq)
    rows = connection.execute(query.order_by(audit_event.c.seq).limit(limit))
    return [Entry(**row._asdict()) for row in rows]


def of_owner(  # noqa: PLR0913  # whose, and which page
    connection: Connection, log: str, *, person: bytes, mailbox: bytes, limit: int, before: int | None = None
) -> list[Entry]:
    """What an owner may see: events of their mailbox and of themselves, newest first, numbered below `before`."""
    own = (audit_event.c.person_mark == person) & audit_event.c.mailbox_mark.is_(None)
    query = select(audit_event).where(audit_event.c.log == log, (audit_event.c.mailbox_mark == mailbox) | own)
    if before is not None:
        query = query.where(audit_event.c.seq < before)
    rows = connection.execute(query.order_by(audit_event.c.seq.desc()).limit(limit))
    return [Entry(**row._asdict()) for row in rows]


def of_person(connection: Connection, log: str, person: bytes, *, limit: int, after: int = 0) -> list[Entry]:
    """Up to `limit` events under a person's pseudonym, numbered above `after`, in order."""
    theirs = (audit_event.c.log == log) & (audit_event.c.person_mark == person) & (audit_event.c.seq > after)
    rows = connection.execute(select(audit_event).where(theirs).order_by(audit_event.c.seq).limit(limit))
    return [Entry(**row._asdict()) for row in rows]


def some(connection: Connection, ids: Collection[str]) -> list[Entry]:
    """Those of these events that are there, of either log."""
    found = connection.execute(select(audit_event).where(audit_event.c.id.in_(ids)).order_by(audit_event.c.seq))
    return [Entry(**row._asdict()) for row in found]


def of_kind(connection: Connection, kind: str, since: int, until: int, *, limit: int) -> list[Entry]:
    """Up to `limit` events of a kind of that time (unix ms, both ends in)."""
    wanted = (audit_event.c.kind == kind) & audit_event.c.at.between(since, until)
    rows = connection.execute(select(audit_event).where(wanted).order_by(audit_event.c.seq).limit(limit))
    return [Entry(**row._asdict()) for row in rows]


def reasons(connection: Connection, log: str, kinds: Collection[str], outcome: str) -> set[str]:
    """The reasons of all events of these kinds that ended so."""
    wanted = (audit_event.c.log == log) & audit_event.c.kind.in_(kinds) & (audit_event.c.outcome == outcome)
    return {reason for reason in connection.execute(select(audit_event.c.reason).where(wanted)).scalars() if reason}


def last_before(connection: Connection, log: str, moment: int) -> Entry | None:
    """The event before the first one that is of `moment` or later; the last of all when none is."""
    this = audit_event.c.log == log
    first = select(func.min(audit_event.c.seq)).where(this, audit_event.c.at >= moment).scalar_subquery()
    before = select(audit_event).where(this, (audit_event.c.seq < first) | first.is_(None))
    row = connection.execute(before.order_by(audit_event.c.seq.desc()).limit(1)).one_or_none()
    return None if row is None else Entry(**row._asdict())


def count_until(connection: Connection, log: str, seq: int) -> int:
    """How many events are numbered up to `seq`."""
    covered = (audit_event.c.log == log) & (audit_event.c.seq <= seq)
    return connection.execute(select(func.count()).select_from(audit_event).where(covered)).scalar_one()


def cut(connection: Connection, new: Cut) -> int:
    """Delete the prefix that a signed cut covers, and keep the cut; returns how many events that were."""
    connection.execute(insert(audit_cut), new._asdict())
    covered = (audit_event.c.log == new.log) & (audit_event.c.seq <= new.seq)
    return connection.execute(delete(audit_event).where(covered)).rowcount


def last_cut(connection: Connection, log: str) -> Cut | None:
    """The cut behind which the chain begins."""
    query = select(audit_cut).where(audit_cut.c.log == log).order_by(audit_cut.c.seq.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else Cut(**row._asdict())


def _head(log: str) -> Select[Any]:
    return select(audit_head).where(audit_head.c.log == log)
