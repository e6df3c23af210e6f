"""What is paused rests whatever it was doing, is taken up by nobody, and goes on as another attempt."""

import pytest
from sqlalchemy import Connection, Engine

from gateway.store import journal, move_runs, pausing, scans
from gateway.store.codes import EntryState, Progress, WorkState
from gateway.store.errors import IllegalTransition
from gateway.store.journal import Outcome, PlannedMove
from gateway.store.move_runs import MoveRun
from gateway.store.scans import Scan
from gateway.store.tables import move_run
from gateway.store.tables import scan as scan_table


@pytest.fixture
def run(engine: Engine, scan: Scan) -> MoveRun:
    """A queued run with three planned moves."""
    with engine.begin() as connection:
        made = move_runs.create(connection, scan.mailbox_id, scan_id=scan.id, now=1)
        journal.plan(connection, made.id, [PlannedMove(f"m{n}", "inbox", "folder") for n in range(3)], now=1)
        return made


def test_a_scan_rests_and_goes_on(engine: Engine, scan: Scan) -> None:
    """Paused it is open, not begun and not taken up; each time it goes on is another attempt; twice is once."""
    with engine.begin() as connection:
        scans.start(connection, scan.id, total=1)
        assert [pausing.pause(connection, scan_table, scan.id, now=now) for now in (5, 6)] == [True, False]
        paused = scans.by_id(connection, scan.id)
        assert (paused.state, paused.progress, paused.paused_at) == (WorkState.RUNNING, Progress.PAUSED, 5)
        assert scans.unfinished(connection, scan.mailbox_id) == []
        with pytest.raises(IllegalTransition):
            scans.start(connection, scan.id, total=1)
        assert [pausing.resume(connection, scan_table, scan.id) for _ in range(2)] == [True, False]
        going = scans.by_id(connection, scan.id)
        assert (going.progress, going.attempt) == (Progress.RUNNING, 1)
        assert scans.unfinished(connection, scan.mailbox_id) == [going]


def test_a_run_rests_and_goes_on(engine: Engine, run: MoveRun) -> None:
    """The same."""
    with engine.begin() as connection:
        assert pausing.pause(connection, move_run, run.id, now=5)
        assert move_runs.by_id(connection, run.id).progress is Progress.PAUSED
        assert move_runs.unfinished(connection, run.mailbox_id) == []
        with pytest.raises(IllegalTransition):
            move_runs.start(connection, run.id)
        assert pausing.resume(connection, move_run, run.id)
        assert [one.attempt for one in move_runs.unfinished(connection, run.mailbox_id)] == [1]


@pytest.mark.parametrize("state", [WorkState.DONE, WorkState.FAILED, WorkState.CANCELLED])
def test_what_has_ended_is_not_paused(engine: Engine, scan: Scan, run: MoveRun, state: WorkState) -> None:
    """It stays as it ended, also if it was paused when it did."""
    with engine.begin() as connection:
        pausing.pause(connection, scan_table, scan.id, now=5)
        scans.finish(connection, scan.id, state, now=9)
        move_runs.finish(connection, run.id, state, now=9)
        assert not pausing.pause(connection, move_run, run.id, now=10)
        assert not pausing.resume(connection, scan_table, scan.id)
        ended = (scans.by_id(connection, scan.id), move_runs.by_id(connection, run.id))
        assert [(one.progress, one.paused_at) for one in ended] == [(Progress(state.value), None)] * 2


def test_what_is_left_alone_is_said_and_counted(engine: Engine, run: MoveRun) -> None:
    """What was called for is not: its outcome is asked for first."""
    with engine.begin() as connection:
        moved, unknown, _ = _entries(connection, run)
        journal.mark_intended(connection, run.id, [moved.id, unknown.id], now=2)
        journal.record(connection, run.id, [Outcome(moved.id, EntryState.MOVED)], now=3)
        journal.leave(connection, run.id, "stopped", now=4)
        assert [one.id for one in journal.intended(connection, run.id)] == [unknown.id]
        states = [(one.state, one.code) for one in _entries(connection, run)]
        counted = move_runs.by_id(connection, run.id)
    assert states == [(EntryState.MOVED, None), (EntryState.INTENDED, None), (EntryState.SKIPPED, "stopped")]
    assert (counted.moved, counted.skipped) == (1, 1)


def _entries(connection: Connection, run: MoveRun) -> list[journal.JournalEntry]:
    return journal.page(connection, run.id, limit=10)
