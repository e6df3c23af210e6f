"""Move runs: applying a scan's decisions, or taking such a run back. One idempotency key makes one run."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, insert, select, update

from gateway.store import ids
from gateway.store.codes import FINAL_STATES, OPEN_STATES, Progress, RunKind, WorkState
from gateway.store.errors import Duplicate, IllegalTransition, RowAbsent
from gateway.store.tables import move_run


class MoveRun(NamedTuple):
    """`total` entries are journalled; `moved`, `skipped` (gone ones too) and `failed` count those that have ended.

    `pace_us` = microseconds a message of late, None before the first chain. `paused_at` = since when its owner lets it
    rest; `attempt` counts the workflows that it had before this one; `stopping` = it is to end before its time.
    """

    id: str
    mailbox_id: str
    scan_id: str
    kind: RunKind
    undoes: str | None
    state: WorkState
    total: int
    moved: int
    skipped: int
    failed: int
    idempotency_hash: bytes | None
    error_code: str | None
    created_at: int
    finished_at: int | None
    pace_us: int | None
    paused_at: int | None
    attempt: int
    stopping: bool

    @property
    def progress(self) -> Progress:
        """Where it stands, as its owner is told."""
        return Progress.of(self.state, self.paused_at)

    @property
    def ended(self) -> int:
        """How many of its entries have ended."""
        return self.moved + self.skipped + self.failed


def create(  # noqa: PLR0913  # one keyword for each column that has no default
    connection: Connection,
    mailbox_id: str,
    *,
    scan_id: str,
    undoes: str | None = None,
    idempotency_hash: bytes | None = None,
    now: int,
) -> MoveRun:
    """A queued run: an undo of run `undoes`, else an apply. Raises Duplicate for a key used before."""
    kind = RunKind.APPLY if undoes is None else RunKind.UNDO
    queued = (kind, undoes, WorkState.QUEUED, 0, 0, 0, 0, idempotency_hash)
    new = MoveRun(ids.new("mov"), mailbox_id, scan_id, *queued, None, now, None, None, None, 0, stopping=False)
    if idempotency_hash is not None and by_idempotency(connection, mailbox_id, idempotency_hash):
        raise Duplicate("this request has started a run already")
    connection.execute(insert(move_run), new._asdict())
    return new


def get(connection: Connection, mailbox_id: str, run_id: str) -> MoveRun:
    """One run of a mailbox. Raises RowAbsent."""
    return _one(connection, select(move_run).where(_is(mailbox_id, run_id)))


def lock(connection: Connection, mailbox_id: str, run_id: str) -> MoveRun:
    """The run, held until the transaction ends. Raises RowAbsent."""
    return _one(connection, select(move_run).where(_is(mailbox_id, run_id)).with_for_update())


def by_id(connection: Connection, run_id: str) -> MoveRun:
    """One run, for work that was authorised when it was queued. Raises RowAbsent."""
    return _one(connection, select(move_run).where(move_run.c.id == run_id))


def by_idempotency(connection: Connection, mailbox_id: str, idempotency_hash: bytes) -> MoveRun | None:
    """The run that a request with this key started, if one did."""
    same = (move_run.c.mailbox_id == mailbox_id) & (move_run.c.idempotency_hash == idempotency_hash)
    row = connection.execute(select(move_run).where(same)).one_or_none()
    return None if row is None else MoveRun(**row._asdict())


def recent(connection: Connection, mailbox_id: str, *, limit: int) -> list[MoveRun]:
    """A mailbox's runs, newest first."""
    query = select(move_run).where(move_run.c.mailbox_id == mailbox_id)
    rows = connection.execute(query.order_by(move_run.c.created_at.desc(), move_run.c.id.desc()).limit(limit))
    return [MoveRun(**row._asdict()) for row in rows]


def undoing(connection: Connection, run_ids: Sequence[str]) -> dict[str, str]:
    """For each of these runs that was undone, or is about to be: the newest run that undoes it."""
    query = select(move_run.c.undoes, move_run.c.id).where(move_run.c.undoes.in_(run_ids))
    return dict(connection.execute(query.order_by(move_run.c.created_at, move_run.c.id)).all())


def undone(connection: Connection, run_ids: Sequence[str]) -> dict[str, int]:
    """For each of these runs that was undone: how many messages its undos have moved back so far."""
    back = select(move_run.c.undoes, func.sum(move_run.c.moved)).where(move_run.c.undoes.in_(run_ids))
    return {run: int(moved) for run, moved in connection.execute(back.group_by(move_run.c.undoes))}


def of_scan(connection: Connection, scan_id: str) -> list[MoveRun]:
    """A scan's runs, oldest first."""
    query = select(move_run).where(move_run.c.scan_id == scan_id).order_by(move_run.c.created_at, move_run.c.id)
    return [MoveRun(**row._asdict()) for row in connection.execute(query)]


def of_mailbox(connection: Connection, mailbox_id: str) -> list[MoveRun]:
    """All runs of a mailbox, oldest first."""
    query = select(move_run).where(move_run.c.mailbox_id == mailbox_id).order_by(move_run.c.created_at, move_run.c.id)
    return [MoveRun(**row._asdict()) for row in connection.execute(query)]


def unfinished(connection: Connection, mailbox_id: str) -> list[MoveRun]:
    """A mailbox's queued and running runs that are not paused, oldest first."""
    going = move_run.c.state.in_(OPEN_STATES) & move_run.c.paused_at.is_(None)
    query = (
        select(move_run)
        .where(move_run.c.mailbox_id == mailbox_id, going)
        .order_by(move_run.c.created_at, move_run.c.id)
    )
    return [MoveRun(**row._asdict()) for row in connection.execute(query)]


def start(connection: Connection, run_id: str) -> None:
    """Queued, or running before a restart, to running. Raises IllegalTransition, of a paused one too."""
    _step(connection, run_id, {"state": WorkState.RUNNING}, move_run.c.paused_at.is_(None))


def stop(connection: Connection, run_id: str) -> None:
    """It is to end before its time. Raises IllegalTransition."""
    _step(connection, run_id, {"stopping": True})


def pace(connection: Connection, run_id: str, pace_us: int) -> None:
    """One chain took so many microseconds a message: a quarter of the pace, so that none stands alone."""
    smoothed = func.coalesce((move_run.c.pace_us * 3 + pace_us) // 4, pace_us)
    connection.execute(update(move_run).where(move_run.c.id == run_id).values(pace_us=smoothed))


def finish(connection: Connection, run_id: str, state: WorkState, *, now: int, error_code: str | None = None) -> None:
    """Close an open run as done, failed or cancelled. Raises IllegalTransition."""
    if state not in FINAL_STATES:
        raise IllegalTransition("a move run finishes as done, failed or cancelled")
    _step(connection, run_id, {"state": state, "error_code": error_code, "finished_at": now, "paused_at": None})


def _step(
    connection: Connection, run_id: str, values: dict[str, object], provided: ColumnElement[bool] | None = None
) -> None:
    still_open = (move_run.c.id == run_id) & move_run.c.state.in_(OPEN_STATES)
    if provided is not None:
        still_open &= provided
    if connection.execute(update(move_run).where(still_open).values(values)).rowcount != 1:
        raise IllegalTransition("the move run is finished or paused, or there is none")


def _is(mailbox_id: str, run_id: str) -> ColumnElement[bool]:
    return (move_run.c.id == run_id) & (move_run.c.mailbox_id == mailbox_id)


def _one(connection: Connection, query: Select[Any]) -> MoveRun:
    row = connection.execute(query).one_or_none()
    if row is None:
        raise RowAbsent("no such move run")
    return MoveRun(**row._asdict())
