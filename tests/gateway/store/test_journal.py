"""The journal: intent before, outcome after, no other order; undo takes back what moved and nothing twice."""

from itertools import product

import pytest
from sqlalchemy import Connection, Engine, update

from gateway.store import journal, move_runs, reading
from gateway.store.codes import EntryState, RunKind, WorkState
from gateway.store.errors import Duplicate, IllegalTransition
from gateway.store.journal import Outcome, PlannedMove
from gateway.store.move_runs import MoveRun
from gateway.store.scans import Scan
from gateway.store.tables import journal_entry

ALLOWED = {
    ("planned", "intended"),
    ("planned", "skipped"),
    ("intended", "intended"),
    ("intended", "moved"),
    ("intended", "skipped"),
    ("intended", "gone"),
    ("intended", "failed"),
}


@pytest.fixture
def run(engine: Engine, scan: Scan) -> MoveRun:
    """A queued run with 45 planned moves."""
    with engine.begin() as connection:
        run = move_runs.create(connection, scan.mailbox_id, scan_id=scan.id, now=1)
        journal.plan(connection, run.id, [PlannedMove(f"m{n}", "inbox", "folder") for n in range(45)], now=1)
        return run


@pytest.mark.parametrize(("state", "to"), list(product(EntryState, EntryState)))
def test_transitions_are_a_closed_table(engine: Engine, run: MoveRun, state: EntryState, to: EntryState) -> None:
    """Of the 36 pairs of states seven are allowed; each other one raises and leaves entry and totals as they were."""
    with engine.begin() as connection:
        (entry, *_) = journal.chain(connection, run.id, 0)
        connection.execute(update(journal_entry).where(journal_entry.c.id == entry.id).values(state=state))
        before = move_runs.get(connection, run.mailbox_id, run.id)
        try:
            _step(connection, run.id, entry.id, to)
            allowed = True
        except IllegalTransition:
            allowed = False
        (after, *_) = journal.chain(connection, run.id, 0)
        unchanged = after.state is state and move_runs.get(connection, run.mailbox_id, run.id) == before
    assert allowed == ((state.value, to.value) in ALLOWED)
    assert after.state is (to if allowed else state)
    assert allowed or unchanged


def test_one_bad_entry_takes_the_whole_chain_back(engine: Engine, run: MoveRun) -> None:
    """An illegal step among legal ones raises, so the caller's transaction keeps none of them."""
    with engine.begin() as connection:
        entries = journal.chain(connection, run.id, 0)
        journal.mark_intended(connection, run.id, [one.id for one in entries[1:]], now=2)
    with pytest.raises(IllegalTransition), engine.begin() as connection:
        journal.record(connection, run.id, [Outcome(one.id, EntryState.MOVED) for one in entries], now=3)
    with reading(engine) as connection:
        assert journal.totals(connection, run.id)[EntryState.MOVED] == 0
        assert move_runs.get(connection, run.mailbox_id, run.id).moved == 0


def test_a_run_resumes_where_it_was_interrupted(engine: Engine, run: MoveRun) -> None:
    """After a crash the chains with unknown or planned entries are open, and an unknown one may be tried again."""
    with engine.begin() as connection:
        first, second = journal.chain(connection, run.id, 0), journal.chain(connection, run.id, 1)
        assert [len(journal.chain(connection, run.id, n)) for n in range(4)] == [20, 20, 5, 0]
        _move(connection, run.id, [one.id for one in first])
        journal.mark_intended(connection, run.id, [one.id for one in second], now=2)
    with engine.begin() as connection:
        assert journal.open_chains(connection, run.id) == [1, 2]
        journal.mark_intended(connection, run.id, [second[0].id], now=3)
        assert [one.attempts for one in journal.chain(connection, run.id, 1)[:2]] == [2, 1]


def test_totals_agree_with_the_run(engine: Engine, run: MoveRun) -> None:
    """The counters on the run are the sums over the journal; gone counts as skipped; codes are kept."""
    states = [EntryState.MOVED, EntryState.SKIPPED, EntryState.GONE, EntryState.FAILED] * 5
    with engine.begin() as connection:
        entries = journal.chain(connection, run.id, 0)
        journal.mark_intended(connection, run.id, [one.id for one in entries], now=2)
        outcomes = [Outcome(one.id, state, f"code_{state}") for one, state in zip(entries, states, strict=True)]
        journal.record(connection, run.id, outcomes, now=3)
        counted = move_runs.get(connection, run.mailbox_id, run.id)
        kept = journal.page(connection, run.id, limit=20)
        totals = journal.totals(connection, run.id)
    assert (counted.total, counted.moved, counted.skipped, counted.failed) == (45, 5, 10, 5)
    assert [one.code for one in kept] == [f"code_{state}" for state in states]
    assert totals == dict.fromkeys(states, 5) | {EntryState.PLANNED: 25, EntryState.INTENDED: 0}


def test_a_run_is_planned_once(engine: Engine, run: MoveRun, scan: Scan) -> None:
    """A repeated plan, or one for a run that has begun, is refused."""
    with engine.begin() as connection:
        begun = move_runs.create(connection, scan.mailbox_id, scan_id=scan.id, now=1)
        move_runs.start(connection, begun.id)
        for refused in (run, begun):
            with pytest.raises(IllegalTransition):
                journal.plan(connection, refused.id, [PlannedMove("m", "inbox", "folder")], now=1)


def test_undo_takes_back_what_moved_and_nothing_twice(engine: Engine, run: MoveRun, scan: Scan) -> None:
    """Undoable is what moved, last first, less what an undo has moved back or a queued undo is about to."""
    with engine.begin() as connection:
        _move(connection, run.id, [one.id for one in journal.chain(connection, run.id, 0)[:4]])
        assert _undoable(connection, run) == ["m3", "m2", "m1", "m0"]
        undo = move_runs.create(connection, scan.mailbox_id, scan_id=scan.id, undoes=run.id, now=5)
        journal.plan(connection, undo.id, [PlannedMove(f"m{n}", "folder", "inbox") for n in (3, 2)], now=5)
        assert _undoable(connection, run) == ["m1", "m0"]
        _move(connection, undo.id, [journal.chain(connection, undo.id, 0)[0].id])
        move_runs.finish(connection, undo.id, WorkState.CANCELLED, now=6)
        assert _undoable(connection, run) == ["m2", "m1", "m0"]
    assert undo.kind is RunKind.UNDO


def test_one_idempotency_key_makes_one_run(engine: Engine, scan: Scan) -> None:
    """The same request again finds its run; it can't start another."""
    with engine.begin() as connection:
        made = move_runs.create(connection, scan.mailbox_id, scan_id=scan.id, idempotency_hash=b"key", now=1)
        assert move_runs.by_idempotency(connection, scan.mailbox_id, b"key") == made
        with pytest.raises(Duplicate):
            move_runs.create(connection, scan.mailbox_id, scan_id=scan.id, idempotency_hash=b"key", now=2)
        assert move_runs.of_scan(connection, scan.id) == move_runs.unfinished(connection, scan.mailbox_id) == [made]


def test_a_run_finishes_once(engine: Engine, run: MoveRun) -> None:
    """A final state is final."""
    with engine.begin() as connection:
        move_runs.start(connection, run.id)
        move_runs.finish(connection, run.id, WorkState.FAILED, now=9, error_code="graph_unavailable")
        for state in WorkState:
            with pytest.raises(IllegalTransition):
                move_runs.finish(connection, run.id, state, now=10)
        with pytest.raises(IllegalTransition):
            move_runs.start(connection, run.id)
        assert move_runs.get(connection, run.mailbox_id, run.id).error_code == "graph_unavailable"


def test_recent_runs_and_what_undoes_them(engine: Engine, run: MoveRun) -> None:
    """Newest first; a run that was undone twice names the newer undo, one that never was is absent."""
    with engine.begin() as connection:
        undos = [
            move_runs.create(connection, run.mailbox_id, scan_id=run.scan_id, undoes=run.id, now=now) for now in (3, 2)
        ]
        recent = move_runs.recent(connection, run.mailbox_id, limit=2)
        assert [one.id for one in recent] == [one.id for one in undos]
        assert move_runs.undoing(connection, [run.id, undos[0].id]) == {run.id: undos[0].id}


def test_how_many_undos_have_moved_back(engine: Engine, run: MoveRun) -> None:
    """Of all undos of a run together; a run that has none is absent."""
    with engine.begin() as connection:
        for now in (2, 3):
            undo = move_runs.create(connection, run.mailbox_id, scan_id=run.scan_id, undoes=run.id, now=now)
            journal.plan(connection, undo.id, [PlannedMove(f"m{now}", "f1", "f2")], now=now)
            _move(connection, undo.id, [entry.id for entry in journal.page(connection, undo.id, limit=9)])
        assert move_runs.undone(connection, [run.id, undo.id]) == {run.id: 2}


def test_one_chain_alone_does_not_make_the_pace(engine: Engine, run: MoveRun) -> None:
    """The first is taken as it is, each later one for a quarter."""
    with engine.begin() as connection:
        met = []
        for pace_us in (1001, 9000):
            move_runs.pace(connection, run.id, pace_us)
            met.append(move_runs.by_id(connection, run.id).pace_us)
    assert met == [1001, 3000]


def _step(connection: Connection, run_id: str, entry_id: str, to: EntryState) -> None:
    if to is EntryState.INTENDED:
        journal.mark_intended(connection, run_id, [entry_id], now=2)
    else:
        journal.record(connection, run_id, [Outcome(entry_id, to)], now=2)


def _move(connection: Connection, run_id: str, entry_ids: list[str]) -> None:
    journal.mark_intended(connection, run_id, entry_ids, now=2)
    journal.record(connection, run_id, [Outcome(one, EntryState.MOVED) for one in entry_ids], now=3)


def _undoable(connection: Connection, run: MoveRun) -> list[str]:
    return [one.message_id for one in journal.undoable(connection, run.id)]
