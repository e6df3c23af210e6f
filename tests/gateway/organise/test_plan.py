"""From a preview to a plan and back, on a real database: what is approved is what is journalled, and nothing else."""

import asyncio
import itertools
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from chassis.errors import Conflict, FailedPrecondition, InvalidArgument
from gateway.audit.tally import Tally
from gateway.audit.trail import Trail
from gateway.organise import moves, plan
from gateway.organise.apply import ApplyWorkflow
from gateway.organise.context import Context
from gateway.store import clock, decisions, folders, ids, journal, mailboxes, move_runs, people, scans
from gateway.store.codes import DecisionKind, EntryState, WorkState
from gateway.store.decisions import NewDecision
from gateway.store.errors import RowAbsent, StaleVersion
from gateway.store.journal import Outcome
from gateway.vault.keyring import Keyring
from gateway.vault.root import FileRoot
from gateway.vault.vault import Vault

KINDS = [DecisionKind.MOVE, DecisionKind.HOLD, DecisionKind.MOVE, DecisionKind.REVIEW, DecisionKind.KEEP]
AT_ONCE = 10
SOURCE, TARGET = "AAinbox", "AAbills"


class Preview:
    """One person's ended scan: five messages, two of them moves into one chosen folder."""

    def __init__(self, opened: Engine, folder: Path, number: int = 1) -> None:
        self.engine = opened
        nothing: Any = None  # planning asks nobody
        root = FileRoot(folder / f"{number}.root", data_folder=folder / "data")
        keyring = Keyring.create(root, folder / f"{number}.keys", now=clock.now())
        vault = Vault(keyring, "test")
        audit = Trail(keyring, vault, "test", tally=Tally(), failed=lambda: None)
        plans = plan.load(None, "unlimited")
        self.context = Context(opened, vault, nothing, nothing, 0.0, plans, audit)
        with opened.begin() as connection:
            person = people.create(connection, bytes([number]) * 32, now=clock.now())
            vault.create_key(connection, person.id)
            self.mailbox = ids.new("mbx")
            index = bytes([number]) * 32
            mailboxes.add(connection, mailboxes.Mailbox(self.mailbox, person.id, index, b"sealed", clock.now()))
            self.folder = ids.new("fld")
            row = folders.Folder(
                self.folder, self.mailbox, TARGET, b"sealed", None, chosen=True, origin=False, revision=1
            )
            folders.add(connection, row)
            self.scan = scans.create(connection, self.mailbox, source_graph_id=SOURCE, now=clock.now()).id
            scans.start(connection, self.scan, total=len(KINDS))
            decisions.save(connection, self.scan, [self._row(place, kind) for place, kind in enumerate(KINDS)])

    def _row(self, place: int, kind: DecisionKind) -> NewDecision:
        folder = self.folder if kind in {DecisionKind.MOVE, DecisionKind.REVIEW} else None
        return NewDecision(f"AAmessage{place}", kind, folder, 0.9, 0.0, "sender", "learned", bytes(16))

    def end(self, state: WorkState = WorkState.DONE) -> "Preview":
        with self.engine.begin() as connection:
            scans.finish(connection, self.scan, state, now=clock.now())
        return self

    @property
    def revision(self) -> int:
        with self.engine.begin() as connection:
            return scans.by_id(connection, self.scan).revision

    def ids_of(self, *kinds: DecisionKind) -> list[str]:
        with self.engine.begin() as connection:
            return [one.id for one in decisions.page(connection, self.scan, limit=100) if one.kind in kinds]

    async def approve(self, key: str = "key", only: Collection[str] | None = None, revision: int | None = None) -> Any:
        wanted = self.revision if revision is None else revision
        return await moves.approve(self.context, self.mailbox, self.scan, revision=wanted, key=key, only=only)

    async def undo(self, run: Any, key: str = "undo", only: Collection[str] | None = None) -> Any:
        return await moves.undo(self.context, self.mailbox, run.id, key=key, only=only)

    def entries(self, run: Any) -> list[Any]:
        with self.engine.begin() as connection:
            return journal.page(connection, run.id, limit=100)

    def carry_out(self, run: Any, *states: EntryState, end: WorkState = WorkState.DONE) -> None:
        """What a workflow would write: these outcomes, and the run's end."""
        entries = self.entries(run)
        with self.engine.begin() as connection:
            move_runs.start(connection, run.id)
            journal.mark_intended(connection, run.id, [one.id for one in entries], now=clock.now())
            ended = [Outcome(one.id, state) for one, state in zip(entries, itertools.cycle(states), strict=False)]
            journal.record(connection, run.id, [one for one in ended if one.state is not EntryState.INTENDED], now=1)
            move_runs.finish(connection, run.id, end, now=clock.now())


@pytest.fixture
def preview(database: Engine, tmp_path: Path) -> Preview:
    return Preview(database, tmp_path).end()


@pytest.fixture
def another(database: Engine, tmp_path: Path) -> Callable[[], Preview]:
    return lambda: Preview(database, tmp_path, 2).end()


async def test_a_bulk_holds_moves_only(preview: Preview) -> None:
    """Approve all: held, review and kept messages are in no journal; each move goes from where the scan found it."""
    run = await preview.approve()
    plan = [(one.message_id, one.from_graph_id, one.to_graph_id, one.state) for one in preview.entries(run)]
    assert plan == [(f"AAmessage{place}", SOURCE, TARGET, EntryState.PLANNED) for place in (0, 2)]


@pytest.mark.parametrize("kind", [DecisionKind.HOLD, DecisionKind.REVIEW, DecisionKind.KEEP])
async def test_only_moves_can_be_named(preview: Preview, kind: DecisionKind) -> None:
    """One that is no move, among those named, refuses them all; so does one of nowhere."""
    for named in ([*preview.ids_of(DecisionKind.MOVE), *preview.ids_of(kind)], ["dec_nowhere"]):
        with pytest.raises(InvalidArgument):
            await preview.approve(only=named)


async def test_what_is_named_is_what_is_planned(preview: Preview) -> None:
    """One of two moves."""
    (_, second) = preview.ids_of(DecisionKind.MOVE)
    run = await preview.approve(only=[second])
    assert [one.message_id for one in preview.entries(run)] == ["AAmessage2"]


@pytest.mark.parametrize("state", [WorkState.FAILED, WorkState.CANCELLED])
async def test_only_a_scan_that_is_done_is_approved(database: Engine, tmp_path: Path, state: WorkState) -> None:
    """Half a preview is none."""
    preview = Preview(database, tmp_path)
    with pytest.raises(FailedPrecondition):
        await preview.approve()
    preview.end(state)
    with pytest.raises(FailedPrecondition):
        await preview.approve()


async def test_what_was_seen_is_what_moves(preview: Preview) -> None:
    """Another revision than the one that was seen: nothing is planned."""
    with pytest.raises(StaleVersion):
        await preview.approve(revision=preview.revision - 1)


async def test_a_folder_that_is_no_longer_chosen_is_no_target(preview: Preview) -> None:
    """The owner took the folder off the list between preview and approval."""
    with preview.engine.begin() as connection:
        row = folders.get(connection, preview.mailbox, preview.folder)
        folders.change(connection, row._replace(chosen=False))
    with pytest.raises(FailedPrecondition):
        await preview.approve()


async def test_a_key_is_for_one_request(preview: Preview) -> None:
    """Sent again it answers the same run; with other decisions it is refused."""
    first = await preview.approve("key")
    assert (await preview.approve("key")).id == first.id
    with pytest.raises(Conflict):
        await preview.approve("key", only=preview.ids_of(DecisionKind.MOVE)[:1])
    assert (await preview.approve("other")).id != first.id


async def test_an_undo_takes_back_what_moved(preview: Preview) -> None:
    """Only what was moved, last first, from where it was put to where it was found; a run under way can't be undone."""
    run = await preview.approve()
    with pytest.raises(FailedPrecondition):
        await preview.undo(run)
    preview.carry_out(run, EntryState.MOVED, EntryState.SKIPPED)
    undo = await preview.undo(run)
    plan = [(one.message_id, one.from_graph_id, one.to_graph_id) for one in preview.entries(undo)]
    assert plan == [("AAmessage0", TARGET, SOURCE)]
    assert (undo.undoes, undo.total) == (run.id, 1)


async def test_what_may_have_moved_is_undone_too(preview: Preview) -> None:
    """A run that failed half way leaves intents of which nobody knows: undo looks after them."""
    run = await preview.approve()
    preview.carry_out(run, EntryState.MOVED, EntryState.INTENDED, end=WorkState.FAILED)
    assert {one.message_id for one in preview.entries(await preview.undo(run))} == {"AAmessage0", "AAmessage2"}


async def test_what_is_undone_is_not_undone_again(preview: Preview) -> None:
    """One by one and then the rest; a second undo of the whole takes the rest only, a third nothing."""
    run = await preview.approve()
    preview.carry_out(run, EntryState.MOVED)
    first, second = preview.entries(run)
    await preview.undo(run, "one", only=[first.id])
    with pytest.raises(InvalidArgument):
        await preview.undo(run, "again", only=[first.id])
    rest = await preview.undo(run, "rest")
    assert [one.message_id for one in preview.entries(rest)] == [second.message_id]
    assert (await preview.undo(run, "more")).total == 0


async def test_an_undo_key_is_for_one_request(preview: Preview) -> None:
    """As of an approval: same again is the same run, other entries or another run is a conflict."""
    run = await preview.approve()
    preview.carry_out(run, EntryState.MOVED)
    first, second = (one.id for one in preview.entries(run))
    undo = await preview.undo(run, "undo", only=[first])
    assert (await preview.undo(run, "undo", only=[first])).id == undo.id
    for other in ([second], [first, second], None):
        with pytest.raises(Conflict):
            await preview.undo(run, "undo", only=other)
    whole = await preview.undo(run, "whole")
    assert (await preview.undo(run, "whole")).id == whole.id
    with pytest.raises(Conflict):
        await preview.undo(run, "whole", only=[first])
    with pytest.raises(Conflict):
        await preview.approve("whole")


async def test_nobody_elses_preview_or_run(preview: Preview, another: Callable[[], Preview]) -> None:
    """Another person's scan or run is as absent as one that isn't."""
    other = another()
    run = await other.approve()
    with pytest.raises(RowAbsent):
        await moves.approve(preview.context, preview.mailbox, other.scan, revision=other.revision, key="x", only=None)
    with pytest.raises(RowAbsent):
        await preview.undo(run)


async def test_one_key_sent_often_at_once_is_one_run(preview: Preview) -> None:
    """A double click, ten times over: one run and its journal."""
    revision = preview.revision
    runs = await asyncio.gather(*(preview.approve(revision=revision) for _ in range(AT_ONCE)))
    assert len({run.id for run in runs}) == 1
    assert len(preview.entries(runs[0])) == 2


async def test_what_many_take_back_at_once_goes_back_once(preview: Preview) -> None:
    """Ten tabs undo one run, each with a key of its own: one has the messages, the others have nothing to move."""
    run = await preview.approve()
    preview.carry_out(run, EntryState.MOVED)
    undone = await asyncio.gather(*(preview.undo(run, key=f"tab {number}") for number in range(AT_ONCE)))
    assert sorted(one.total for one in undone) == [0] * (AT_ONCE - 1) + [2]


class Desk:
    """Graph as far as reading back goes."""

    def __init__(self, places: dict[str, str | None]) -> None:
        self.places = places

    @property
    def reader(self) -> "Desk":
        return self

    async def locate(self, wanted: Collection[str]) -> dict[str, str | None]:
        return {one: self.places[one] for one in wanted}


@pytest.mark.parametrize(
    ("place", "state", "code"),
    [
        (TARGET, EntryState.MOVED, None),
        (SOURCE, EntryState.SKIPPED, "stopped"),
        (None, EntryState.GONE, "message_gone"),
    ],
)
async def test_a_stopped_run_reads_back_what_it_did_not_hear_of(
    preview: Preview, place: str | None, state: EntryState, code: str | None
) -> None:
    """An attempt whose answer was lost is not made again: where the message is says what came of it."""
    run = await preview.approve()
    unknown, planned = preview.entries(run)
    with preview.engine.begin() as connection:
        move_runs.start(connection, run.id)
        journal.mark_intended(connection, run.id, [unknown.id], now=clock.now())
        move_runs.stop(connection, run.id)
    graph: Any = Desk({unknown.message_id: place})
    await ApplyWorkflow(replace(preview.context, graph=lambda _: graph)).stand_down(run.id)
    assert [(one.state, one.code) for one in preview.entries(run)] == [(state, code), (EntryState.SKIPPED, "stopped")]
    with preview.engine.begin() as connection:
        assert move_runs.by_id(connection, run.id).state is WorkState.CANCELLED
    assert planned.state is EntryState.PLANNED
