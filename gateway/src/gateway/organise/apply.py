"""Carries out a run, apply or undo alike: four chains at a time, each message moved once, whatever breaks.

For a chain, in this order: (1) the intent is written; (2) what an attempt that was cut off may still be doing is
waited for; (3) Graph is asked where each message is: one that is not where the plan found it is left alone; (4) the
rest is moved in one $batch; (5) what came of it is written, and an unknown outcome goes back to (3). So a message that
a lost answer moved is found at its goal and not moved again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic_ns
from typing import Final, assert_never

from sqlalchemy import Connection

from gateway.audit.event import Event, Kind
from gateway.graph.errors import GraphUnavailable
from gateway.graph.errors import Throttled as GraphThrottled
from gateway.graph.message import GraphFolderId, MessageId
from gateway.graph.mover import Failed, Gone, Moved, MoveOutcome, NotRun, PutOff, Unknown
from gateway.organise.context import Context, now
from gateway.organise.targets import Allowed, Targets
from gateway.store import clock, journal, move_runs
from gateway.store.codes import EntryState, RunKind, WorkState
from gateway.store.errors import IllegalTransition
from gateway.store.journal import JournalEntry, Outcome
from gateway.store.move_runs import MoveRun
from gateway.work import Json, StepFailed, Steps

PARALLEL = 4  # chains in flight; Graph's concurrency for a mailbox
MAX_ATTEMPTS = 12  # of one chain, with pauses that Graph names in between; then it is left as failed, not moved
HALTED: Final = 0  # instead of a number of attempts: the owner paused or stopped the run
FIRST_PAUSE = 1.0  # seconds, when Graph is away and names none
MAX_PAUSE = 60.0  # seconds between two attempts
STOPPED: Final = "stopped"  # the code of what was left alone because its run was stopped
_OPEN: Final = frozenset({EntryState.PLANNED, EntryState.INTENDED})


class ApplyWorkflow:
    """The workflow of one run; the id that it is given is the run's."""

    NAME = "apply"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._targets = Targets(lambda mailbox_id: context.graph(mailbox_id).reader)

    async def run(self, steps: Steps, run_id: str) -> None:
        """Begin, the chains four at a time, finish. What could not be moved in the end is said, and stays.

        One that its owner halts stands down instead; a run that is paused or has ended is not begun.
        """
        try:
            chains = await steps.run("begin", self.begin, run_id)
            if chains is None:
                return
            if await self._chains(steps, run_id, int(str(chains))):
                await steps.run("finish", self.finish, run_id, WorkState.DONE, "")
            else:
                await steps.run("stand_down", self.stand_down, run_id)
        except StepFailed as failure:
            await steps.run("finish", self.finish, run_id, WorkState.FAILED, failure.code)

    async def _chains(self, steps: Steps, run_id: str, count: int) -> bool:
        """Whether all of them came to their end."""
        for first in range(0, count, PARALLEL):
            if not await self._together(steps, run_id, range(first, min(first + PARALLEL, count))):
                return False
        return True

    async def _together(self, steps: Steps, run_id: str, numbers: Sequence[int]) -> bool:
        """Whether all ended. Lets every chain come to its end, or stand down, before the first failure is raised."""
        running = (steps.run("chain", self.chain, run_id, number) for number in numbers)
        ended = await asyncio.gather(*running, return_exceptions=True)
        for failure in ended:
            if isinstance(failure, BaseException):
                raise failure
        return HALTED not in ended

    async def begin(self, run_id: str) -> Json:
        """Marks the run as running; how many chains it has, None when it is paused or has ended."""
        run = await self._run(run_id)
        try:
            await self._context.write(lambda connection: move_runs.start(connection, run_id))
        except IllegalTransition:
            return None
        return -(-run.total // journal.CHAIN_LENGTH)

    async def chain(self, run_id: str, number: int) -> Json:
        """Brings every entry of a chain to its end; how many attempts that took, or HALTED between two of them."""
        run, begun = await self._run(run_id), monotonic_ns()
        entries = await self._open_entries(run_id, number)
        count = len(entries)
        await self._settle(entries)
        for attempt in range(1, MAX_ATTEMPTS + 1):
            if not entries:
                await self._measured(run, begun, count)
                return attempt
            if _is_halted(await self._run(run_id)):
                return HALTED
            pause = await self._attempt_or_pause(run, entries)
            entries = await self._open_entries(run_id, number)
            await asyncio.sleep(min(pause, MAX_PAUSE) if entries else 0)
        await self._give_up(run, entries)
        return MAX_ATTEMPTS

    async def stand_down(self, run_id: str) -> Json:
        """A paused run rests as it is; one that is to stop ends: what is unknown is read back, the rest left alone."""
        self._targets.forget(run_id)
        run = await self._run(run_id)
        for attempt in range(1, MAX_ATTEMPTS + 1):
            if not run.stopping:
                return None
            try:
                await self._stop(run)
            except (GraphUnavailable, GraphThrottled) as away:
                if attempt == MAX_ATTEMPTS:
                    raise
                await asyncio.sleep(_patience(away))
            else:
                return None
        return None

    async def _stop(self, run: MoveRun) -> None:
        unknown = await self._context.read(lambda connection: journal.intended(connection, run.id))
        await self._settle(unknown)
        places = await self._context.graph(run.mailbox_id).reader.locate([MessageId(e.message_id) for e in unknown])
        outcomes = [_read_back(entry, places) for entry in unknown]

        def end(connection: Connection) -> None:
            journal.record(connection, run.id, outcomes, now=now())
            journal.leave(connection, run.id, STOPPED, now=now())
            move_runs.finish(connection, run.id, WorkState.CANCELLED, now=now())

        await self._context.write(end)

    async def _measured(self, run: MoveRun, begun: int, count: int) -> None:
        """What each of so many messages took since `begun` (monotonic, ns), as chains go beside one another."""
        if count:
            beside = min(PARALLEL, -(-run.total // journal.CHAIN_LENGTH))
            pace_us = (monotonic_ns() - begun) // 1000 // (count * beside)
            await self._context.write(lambda connection: move_runs.pace(connection, run.id, pace_us))

    async def finish(self, run_id: str, state: str, code: str) -> Json:
        """Closes the run, as soon as that can be written."""
        self._targets.forget(run_id)
        await self._context.insist(
            lambda connection: move_runs.finish(
                connection, run_id, WorkState(state), now=now(), error_code=code or None
            )
        )
        return None

    async def _run(self, run_id: str) -> MoveRun:
        return await self._context.read(lambda connection: move_runs.by_id(connection, run_id))

    async def _open_entries(self, run_id: str, number: int) -> list[JournalEntry]:
        entries = await self._context.read(lambda connection: journal.chain(connection, run_id, number))
        return [entry for entry in entries if entry.state in _OPEN]

    async def _settle(self, entries: Sequence[JournalEntry]) -> None:
        """(2) An attempt before a crash may still be running at Graph: looking too early would see it half done."""
        intended = [entry.updated_at for entry in entries if entry.state is EntryState.INTENDED]
        if intended:
            age = (now() - max(intended)) / clock.SECOND
            await asyncio.sleep(max(0.0, self._context.settle - age))

    async def _attempt_or_pause(self, run: MoveRun, entries: Sequence[JournalEntry]) -> float:
        """One attempt; when Graph is away for a while, the pause that it named or a short one."""
        try:
            return await self._attempt(run, entries, await self._targets.of(run, entries))
        except (GraphUnavailable, GraphThrottled) as away:
            return _patience(away)

    async def _attempt(
        self,
        run: MoveRun,
        entries: Sequence[JournalEntry],
        targets: Allowed,
    ) -> float:
        """Steps (1), (3), (4) and (5) once; seconds to wait before the next attempt."""
        await self._context.write(lambda connection: self._intend(connection, run, entries))
        places = await self._context.graph(run.mailbox_id).reader.locate([MessageId(e.message_id) for e in entries])
        settled = [outcome for entry in entries if (outcome := _settled(entry, places, targets)) is not None]
        done = {outcome.entry_id for outcome in settled}
        await self._record(run, settled)
        return await self._move(run, [entry for entry in entries if entry.id not in done], targets)

    def _intend(self, connection: Connection, run: MoveRun, entries: Sequence[JournalEntry]) -> None:
        """(1) In the journal and in the audit log: what can't be recorded is not called for."""
        journal.mark_intended(connection, run.id, [entry.id for entry in entries], now=now())
        kind = Kind.MOVE_BATCH if run.kind is RunKind.APPLY else Kind.UNDO_BATCH
        event = Event(kind, mailbox=run.mailbox_id, object_id=run.id, amount=len(entries))
        self._context.audit.record(connection, event)

    async def _move(
        self,
        run: MoveRun,
        entries: Sequence[JournalEntry],
        targets: Allowed,
    ) -> float:
        """(4) and (5), one $batch for each target folder of the chain; seconds to wait."""
        mover = self._context.graph(run.mailbox_id).mover
        pause = 0.0
        for target in dict.fromkeys(entry.to_graph_id for entry in entries):
            group = [entry for entry in entries if entry.to_graph_id == target]
            outcomes = await mover.move([MessageId(entry.message_id) for entry in group], targets[target])
            known = [_outcome(entry, outcome) for entry, outcome in zip(group, outcomes, strict=True)]
            await self._record(run, [outcome for outcome in known if outcome is not None])
            pause = max([pause, *(_pause(outcome) for outcome in outcomes)])
        return pause

    async def _record(self, run: MoveRun, outcomes: Sequence[Outcome]) -> None:
        if outcomes:
            await self._context.write(lambda connection: journal.record(connection, run.id, outcomes, now=now()))

    async def _give_up(self, run: MoveRun, entries: Sequence[JournalEntry]) -> None:
        """After the last attempt: what is at its goal was moved, the rest stayed."""
        places = await self._context.graph(run.mailbox_id).reader.locate([MessageId(e.message_id) for e in entries])
        at_goal = {e.id for e in entries if places[MessageId(e.message_id)] == e.to_graph_id}
        outcomes = [
            Outcome(entry.id, EntryState.MOVED) if entry.id in at_goal else Outcome(entry.id, EntryState.FAILED, "busy")
            for entry in entries
        ]
        await self._record(run, outcomes)


def _is_halted(run: MoveRun) -> bool:
    return run.stopping or run.paused_at is not None


def _patience(away: GraphUnavailable | GraphThrottled) -> float:
    """Seconds until Graph is asked again."""
    return min(FIRST_PAUSE if away.retry_after is None else away.retry_after, MAX_PAUSE)


def _read_back(entry: JournalEntry, places: Mapping[MessageId, GraphFolderId | None]) -> Outcome:
    """What came of an attempt whose answer was lost, and that is not made again."""
    place = places[MessageId(entry.message_id)]
    if place is None:
        return Outcome(entry.id, EntryState.GONE, "message_gone")
    at_goal = place == entry.to_graph_id
    return Outcome(entry.id, EntryState.MOVED) if at_goal else Outcome(entry.id, EntryState.SKIPPED, STOPPED)


def _settled(
    entry: JournalEntry,
    places: Mapping[MessageId, GraphFolderId | None],
    targets: Allowed,
) -> Outcome | None:
    """(3) What is already decided by where the message is; None: it is where the plan found it and is to be moved."""
    place = places[MessageId(entry.message_id)]
    if place is None:
        return Outcome(entry.id, EntryState.GONE, "message_gone")
    if place == entry.to_graph_id:
        moved_by_us = entry.attempts > 0
        return Outcome(
            entry.id, EntryState.MOVED if moved_by_us else EntryState.SKIPPED, None if moved_by_us else "there"
        )
    if place != entry.from_graph_id:
        return Outcome(entry.id, EntryState.SKIPPED, "moved_meanwhile")
    if entry.to_graph_id not in targets:
        return Outcome(entry.id, EntryState.FAILED, "folder_gone")
    return None


def _outcome(entry: JournalEntry, outcome: MoveOutcome) -> Outcome | None:
    """(5) None: not known yet, or put off; the entry stays intended."""
    match outcome:
        case Moved():
            return Outcome(entry.id, EntryState.MOVED)
        case Gone():
            return Outcome(entry.id, EntryState.GONE, "message_gone")
        case Failed():
            return Outcome(entry.id, EntryState.FAILED, "graph_refused")
        case PutOff() | NotRun() | Unknown():
            return None
        case _ as unreachable:
            assert_never(unreachable)


def _pause(outcome: MoveOutcome) -> float:
    """Seconds to wait before the next attempt."""
    if isinstance(outcome, PutOff):
        return FIRST_PAUSE if outcome.retry_after is None else outcome.retry_after
    return FIRST_PAUSE if isinstance(outcome, Unknown) else 0.0
