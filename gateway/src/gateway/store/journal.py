"""The journal: what a run means to move, written before Graph is called, and what came of it, written after.

TRANSITIONS is the whole life of an entry. A step that is not in it raises, and the caller's transaction takes back the
rest.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, exists, func, insert, select, update

from gateway.store import ids
from gateway.store.codes import OPEN_STATES, EntryState, WorkState
from gateway.store.errors import IllegalTransition
from gateway.store.tables import journal_entry, move_run

CHAIN_LENGTH = 20  # requests in one Graph $batch
BATCH = 1000  # rows in one executemany

_FINAL: Final = frozenset({EntryState.MOVED, EntryState.SKIPPED, EntryState.GONE, EntryState.FAILED})
TRANSITIONS: Final[Mapping[EntryState, frozenset[EntryState]]] = {
    EntryState.PLANNED: frozenset({EntryState.INTENDED, EntryState.SKIPPED}),  # skipped: the run was stopped before
    EntryState.INTENDED: _FINAL | {EntryState.INTENDED},  # again, when the outcome of an attempt is unknown
    **{state: frozenset() for state in _FINAL},
}
_COUNTED_AS: Final = {
    EntryState.MOVED: "moved",
    EntryState.SKIPPED: "skipped",
    EntryState.GONE: "skipped",
    EntryState.FAILED: "failed",
}


class PlannedMove(NamedTuple):
    """One message to move, in Graph's ids."""

    message_id: str
    from_graph_id: str
    to_graph_id: str


class Outcome(NamedTuple):
    """What came of one intended entry; `code` says why when it is not MOVED."""

    entry_id: str
    state: EntryState
    code: str | None = None


class JournalEntry(NamedTuple):
    """`chain` numbers the $batch that an entry travels in; `attempts` counts intents."""

    id: str
    run_id: str
    mailbox_id: str
    seq: int
    chain: int
    message_id: str
    from_graph_id: str
    to_graph_id: str
    state: EntryState
    attempts: int
    code: str | None
    updated_at: int


def plan(connection: Connection, run_id: str, moves: Sequence[PlannedMove], *, now: int) -> int:
    """Write a queued run's plan, once, in chains of CHAIN_LENGTH; returns their number. Raises IllegalTransition."""
    unplanned = (move_run.c.id == run_id) & (move_run.c.state == WorkState.QUEUED) & (move_run.c.total == 0)
    planned = update(move_run).where(unplanned).values(total=len(moves)).returning(move_run.c.mailbox_id)
    mailbox_id = connection.execute(planned).scalar_one_or_none()
    if mailbox_id is None:
        raise IllegalTransition("only a queued run without a plan can be planned")
    rows = [_row(run_id, mailbox_id, seq, move, now) for seq, move in enumerate(moves)]
    for start in range(0, len(rows), BATCH):
        connection.execute(insert(journal_entry), [row._asdict() for row in rows[start : start + BATCH]])
    return -(-len(rows) // CHAIN_LENGTH)


def open_chains(connection: Connection, run_id: str) -> list[int]:
    """The chains that still have something planned or intended, in order: where a resumed run goes on."""
    todo = (journal_entry.c.run_id == run_id) & journal_entry.c.state.not_in(_FINAL)
    query = select(journal_entry.c.chain).where(todo).distinct().order_by(journal_entry.c.chain)
    return list(connection.execute(query).scalars())


def chain(connection: Connection, run_id: str, number: int) -> list[JournalEntry]:
    """The entries of one chain, in order, in whatever state."""
    mine = (journal_entry.c.run_id == run_id) & (journal_entry.c.chain == number)
    rows = connection.execute(select(journal_entry).where(mine).order_by(journal_entry.c.seq))
    return [JournalEntry(**row._asdict()) for row in rows]


def page(connection: Connection, run_id: str, *, limit: int, after: int = -1) -> list[JournalEntry]:
    """Up to `limit` entries with seq above `after`, in order."""
    mine = (journal_entry.c.run_id == run_id) & (journal_entry.c.seq > after)
    rows = connection.execute(select(journal_entry).where(mine).order_by(journal_entry.c.seq).limit(limit))
    return [JournalEntry(**row._asdict()) for row in rows]


def mark_intended(connection: Connection, run_id: str, entry_ids: Sequence[str], *, now: int) -> None:
    """Before the call to Graph: planned, or intended already, to intended; commit it. Raises IllegalTransition."""
    values = {"attempts": journal_entry.c.attempts + 1}
    _advance(connection, run_id, entry_ids, EntryState.INTENDED, {**values, "updated_at": now})


def record(connection: Connection, run_id: str, outcomes: Sequence[Outcome], *, now: int) -> None:
    """After the call: intended to an end, counted on the run. Raises IllegalTransition."""
    for (state, code), entry_ids in _grouped(outcomes).items():
        if state not in _COUNTED_AS:
            raise IllegalTransition("an outcome is moved, skipped, gone or failed")
        _advance(connection, run_id, entry_ids, state, {"code": code, "updated_at": now})
        counted = move_run.c[_COUNTED_AS[state]]
        counting = update(move_run).where(move_run.c.id == run_id)
        connection.execute(counting.values({counted: counted + len(entry_ids)}))


def intended(connection: Connection, run_id: str) -> list[JournalEntry]:
    """What was called for and whose outcome is not known, in order."""
    mine = (journal_entry.c.run_id == run_id) & (journal_entry.c.state == EntryState.INTENDED)
    rows = connection.execute(select(journal_entry).where(mine).order_by(journal_entry.c.seq))
    return [JournalEntry(**row._asdict()) for row in rows]


def leave(connection: Connection, run_id: str, code: str, *, now: int) -> None:
    """All that is still planned is left alone, counted on the run."""
    mine = (journal_entry.c.run_id == run_id) & (journal_entry.c.state == EntryState.PLANNED)
    values = {"state": EntryState.SKIPPED, "code": code, "updated_at": now}
    left = connection.execute(update(journal_entry).where(mine).values(values)).rowcount
    counting = update(move_run).where(move_run.c.id == run_id)
    connection.execute(counting.values(skipped=move_run.c.skipped + left))


def undoable(connection: Connection, run_id: str) -> list[JournalEntry]:
    """What a run moved, or may have moved when it ended early, and no undo has or is about to; last moved first."""
    undo, undo_run = journal_entry.alias("undo"), move_run.alias("undo_run")
    settled = (undo.c.state == EntryState.MOVED) | undo_run.c.state.in_(OPEN_STATES)
    same = (undo_run.c.undoes == run_id) & (undo.c.message_id == journal_entry.c.message_id) & settled
    undone = exists().where(undo.c.run_id == undo_run.c.id, same)
    may_have_moved = journal_entry.c.state.in_((EntryState.MOVED, EntryState.INTENDED))
    moved = (journal_entry.c.run_id == run_id) & may_have_moved
    rows = connection.execute(select(journal_entry).where(moved, ~undone).order_by(journal_entry.c.seq.desc()))
    return [JournalEntry(**row._asdict()) for row in rows]


def totals(connection: Connection, run_id: str) -> dict[EntryState, int]:
    """How many entries in each state, zeros included."""
    query = select(journal_entry.c.state, func.count()).where(journal_entry.c.run_id == run_id)
    rows = connection.execute(query.group_by(journal_entry.c.state))
    return dict.fromkeys(EntryState, 0) | dict(rows.all())


def _row(run_id: str, mailbox_id: str, seq: int, move: PlannedMove, now: int) -> JournalEntry:
    place = (run_id, mailbox_id, seq, seq // CHAIN_LENGTH)
    return JournalEntry(ids.new("jrn"), *place, *move, EntryState.PLANNED, 0, None, now)


def _grouped(outcomes: Sequence[Outcome]) -> dict[tuple[EntryState, str | None], list[str]]:
    groups: dict[tuple[EntryState, str | None], list[str]] = {}
    for outcome in outcomes:
        groups.setdefault((outcome.state, outcome.code), []).append(outcome.entry_id)
    return groups


def _advance(
    connection: Connection, run_id: str, entry_ids: Sequence[str], to: EntryState, values: Mapping[str, object]
) -> None:
    sources = [state for state, targets in TRANSITIONS.items() if to in targets]
    ready = (journal_entry.c.run_id == run_id) & journal_entry.c.id.in_(entry_ids) & journal_entry.c.state.in_(sources)
    changed = connection.execute(update(journal_entry).where(ready).values({**values, "state": to}))
    if changed.rowcount != len(entry_ids):
        raise IllegalTransition("an entry is not in a state from which this step is allowed")
