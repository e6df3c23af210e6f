"""Decisions: what a scan would do with each message, and why, in codes. Saved in bulk, paged by seq, changed together.

Saving a page again saves nothing: a step that ran twice leaves one decision a message.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, func, insert, select, update

from gateway.store import ids
from gateway.store.codes import DecidedBy, DecisionKind
from gateway.store.errors import RowAbsent, StaleVersion
from gateway.store.tables import decision, finding, scan

_T = TypeVar("_T")

BATCH = 1000  # rows in one executemany or IN list


class Finding(NamedTuple):
    """What sentinel saw: codes and a span (`start`, `end` in characters of the named field), never the text."""

    technique: str
    field: str
    start: int
    end: int
    weight: float
    rule_id: str


class NewDecision(NamedTuple):
    """One message's decision before it has an id and a place."""

    message_id: str
    kind: DecisionKind
    folder_id: str | None
    confidence: float | None
    risk: float
    reason: str
    engine: str
    sender_hash: bytes
    findings: tuple[Finding, ...] = ()
    ruled_by: str | None = None
    list_hash: bytes | None = None
    organisation_hash: bytes | None = None


class Decision(NamedTuple):
    """`seq` counts from 0 within the scan; `confidence` and `risk` are in 0..1; `folder_id` is set for a move.

    `ruled_by` is the rule or protection that decided; the hashes are keyed, and None where there is nothing to hash.
    """

    id: str
    scan_id: str
    mailbox_id: str
    message_id: str
    seq: int
    kind: DecisionKind
    folder_id: str | None
    confidence: float | None
    risk: float
    reason: str
    engine: str
    sender_hash: bytes
    decided_by: DecidedBy
    ruled_by: str | None
    list_hash: bytes | None
    organisation_hash: bytes | None


class Filters(NamedTuple):
    """What a page is narrowed to; None is everything. `sure_from`: least confidence, which a held one has not."""

    kind: DecisionKind | None = None
    folder_id: str | None = None
    sender_hash: bytes | None = None
    decided_by: DecidedBy | None = None
    sure_from: float | None = None


EVERYTHING = Filters()


def save(connection: Connection, scan_id: str, new: Sequence[NewDecision]) -> int:
    """Store a page's decisions (any number), count them as done, return how many were new. Raises RowAbsent."""
    mailbox_id, done = _hold_scan(connection, scan_id)
    fresh = _without_known(connection, scan_id, new)
    rows = [_row(scan_id, mailbox_id, done + place, one) for place, one in enumerate(fresh)]
    _insert(connection, decision, [row._asdict() for row in rows])
    _insert(connection, finding, _finding_rows(rows, fresh))
    _count(connection, scan_id, len(fresh))
    return len(fresh)


def page(
    connection: Connection, scan_id: str, *, limit: int, after: int = -1, filters: Filters = EVERYTHING
) -> list[Decision]:
    """Up to `limit` decisions with seq above `after`, in order."""
    query = select(decision).where(decision.c.scan_id == scan_id, decision.c.seq > after)
    rows = connection.execute(_narrowed(query, filters).order_by(decision.c.seq).limit(limit))
    return [Decision(**row._asdict()) for row in rows]


def counts(connection: Connection, scan_id: str) -> dict[DecisionKind, int]:
    """How many decisions of each kind, zeros included."""
    return counts_of(connection, [scan_id])[scan_id]


def counts_of(connection: Connection, scan_ids: Sequence[str]) -> dict[str, dict[DecisionKind, int]]:
    """The same for each of at most BATCH scans."""
    found = {scan_id: dict.fromkeys(DecisionKind, 0) for scan_id in scan_ids}
    columns = (decision.c.scan_id, decision.c.kind)
    query = select(*columns, func.count()).where(decision.c.scan_id.in_(scan_ids)).group_by(*columns)
    for scan_id, kind, count in connection.execute(query):
        found[scan_id][kind] = count
    return found


def folder_counts(connection: Connection, scan_id: str) -> dict[str, int]:
    """How many moves into each folder."""
    moves = (decision.c.scan_id == scan_id) & (decision.c.kind == DecisionKind.MOVE)
    query = select(decision.c.folder_id, func.count()).where(moves).group_by(decision.c.folder_id)
    return dict(connection.execute(query).all())


def get(connection: Connection, scan_id: str, decision_id: str) -> Decision:
    """One decision of a scan. Raises RowAbsent."""
    row = connection.execute(select(decision).where(_is(scan_id, decision_id))).one_or_none()
    if row is None:
        raise RowAbsent("no such decision")
    return Decision(**row._asdict())


def of_mailbox(connection: Connection, mailbox_id: str, decision_id: str) -> Decision:
    """One decision of a mailbox, whichever scan it is of. Raises RowAbsent."""
    query = select(decision).where(decision.c.id == decision_id, decision.c.mailbox_id == mailbox_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise RowAbsent("no such decision")
    return Decision(**row._asdict())


def named(connection: Connection, scan_id: str, decision_ids: Sequence[str]) -> list[Decision]:
    """Those of at most BATCH decisions that are of this scan, in its order."""
    mine = (decision.c.scan_id == scan_id) & decision.c.id.in_(decision_ids)
    rows = connection.execute(select(decision).where(mine).order_by(decision.c.seq))
    return [Decision(**row._asdict()) for row in rows]


def every(connection: Connection, scan_id: str, filters: Filters) -> Iterator[Decision]:
    """All decisions that the filters leave, in order, read BATCH at a time."""
    after = -1
    while found := page(connection, scan_id, limit=BATCH, after=after, filters=filters):
        yield from found
        after = found[-1].seq


def change(  # noqa: PLR0913  # what is changed, to what, and the revision that was seen
    connection: Connection,
    scan_id: str,
    decision_ids: Sequence[str],
    *,
    kind: DecisionKind,
    folder_id: str | None,
    revision: int,
) -> None:
    """The owner decides otherwise of any number; the scan goes from `revision` to the next. Raises StaleVersion."""
    at_revision = (scan.c.id == scan_id) & (scan.c.revision == revision)
    if connection.execute(update(scan).where(at_revision).values(revision=revision + 1)).rowcount != 1:
        raise StaleVersion("the preview has changed since it was read; read it again")
    values = {"kind": kind, "folder_id": folder_id, "decided_by": DecidedBy.OWNER, "ruled_by": None}
    for batch in _batches(decision_ids):
        mine = (decision.c.scan_id == scan_id) & decision.c.id.in_(batch)
        connection.execute(update(decision).where(mine).values(values))


def findings(connection: Connection, decision_ids: Sequence[str]) -> dict[str, list[Finding]]:
    """The findings behind at most BATCH decisions, in sentinel's order; decisions without any are absent."""
    columns = [finding.c[name] for name in Finding._fields]
    query = select(finding.c.decision_id, *columns).where(finding.c.decision_id.in_(decision_ids[:BATCH]))
    found: dict[str, list[Finding]] = {}
    for decision_id, *values in connection.execute(query.order_by(finding.c.decision_id, finding.c.ordinal)):
        found.setdefault(decision_id, []).append(Finding(*values))
    return found


def _hold_scan(connection: Connection, scan_id: str) -> tuple[str, int]:
    query = select(scan.c.mailbox_id, scan.c.done).where(scan.c.id == scan_id).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        raise RowAbsent("no such scan")
    return row[0], row[1]


def _without_known(connection: Connection, scan_id: str, new: Sequence[NewDecision]) -> list[NewDecision]:
    by_message = {one.message_id: one for one in new}
    for batch in _batches(list(by_message)):
        known = select(decision.c.message_id).where(decision.c.scan_id == scan_id, decision.c.message_id.in_(batch))
        for message_id in connection.execute(known).scalars().all():
            del by_message[message_id]
    return list(by_message.values())


def _row(scan_id: str, mailbox_id: str, seq: int, one: NewDecision) -> Decision:
    decided = (one.kind, one.folder_id, one.confidence, one.risk, one.reason, one.engine, one.sender_hash)
    marked = (one.ruled_by, one.list_hash, one.organisation_hash)
    return Decision(ids.new("dec"), scan_id, mailbox_id, one.message_id, seq, *decided, DecidedBy.ENGINE, *marked)


def _finding_rows(rows: Sequence[Decision], new: Sequence[NewDecision]) -> list[dict[str, Any]]:
    return [
        {"decision_id": row.id, "mailbox_id": row.mailbox_id, "ordinal": ordinal, **seen._asdict()}
        for row, one in zip(rows, new, strict=True)
        for ordinal, seen in enumerate(one.findings)
    ]


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    for batch in _batches(rows):
        connection.execute(insert(table), batch)


def _count(connection: Connection, scan_id: str, count: int) -> None:
    if count:
        values = {"done": scan.c.done + count, "revision": scan.c.revision + 1}
        connection.execute(update(scan).where(scan.c.id == scan_id).values(values))


def _narrowed(query: Select[tuple[object, ...]], filters: Filters) -> Select[tuple[object, ...]]:
    named = filters._replace(sure_from=None)._asdict()
    wanted = [decision.c[name] == value for name, value in named.items() if value is not None]
    sure = [] if filters.sure_from is None else [decision.c.confidence >= filters.sure_from]
    return query.where(*wanted, *sure)


def _is(scan_id: str, decision_id: str) -> ColumnElement[bool]:
    return (decision.c.id == decision_id) & (decision.c.scan_id == scan_id)


def _batches(rows: Sequence[_T]) -> Iterable[Sequence[_T]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
