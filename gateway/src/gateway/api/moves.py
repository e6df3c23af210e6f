"""Runs: an approved preview on its way, its journal, and the way back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from sqlalchemy import Connection

from gateway.api import events
from gateway.api.context import ContextOf, CursorsOf, IdempotencyKey, Mailbox, Revision, WorkOf
from gateway.api.message import MessageAnswer
from gateway.api.model import Answer, Body, Ids, columns, instant
from gateway.organise import eta, halting, journals, previews, requests
from gateway.organise.context import Context
from gateway.store import move_runs
from gateway.store.codes import EntryState, Progress, RunKind, WorkState
from gateway.store.move_runs import MoveRun

router = APIRouter(prefix="/api/v1/mailboxes/{mailbox_id}/moves", tags=["moves"])
RunId = Annotated[str, Path(max_length=64)]
PAGE = previews.MOST
POLL_SECONDS = 1
RECENT, MOST = 20, 100  # runs of a list


class MoveRequest(Body):
    """Which preview to carry out: all its moves, or these decisions alone."""

    scan_id: Annotated[str, Field(max_length=64)]
    decision_ids: Ids | None = None


class UndoRequest(Body):
    """What to take back: all that the run moved, or these entries alone."""

    entry_ids: Ids | None = None


class MoveAnswer(Answer):
    """A run. Of total messages, moved were moved, skipped were left alone, failed could not be moved.

    undone_by: the newest run that takes it back; undone: how many are back. eta_seconds: how long it still takes; null
    when that is not known.
    """

    id: str
    scan_id: str
    kind: RunKind
    undoes: str | None
    undone_by: str | None
    undone: int
    state: Progress
    started_at: datetime
    ended_at: datetime | None
    eta_seconds: int | None
    total: int
    moved: int
    skipped: int
    failed: int
    error_code: str | None


class MoveList(Answer):
    """The mailbox's runs, newest first."""

    items: list[MoveAnswer]


class EntryAnswer(Answer):
    """What was meant for one message and what came of it; code says why when it did not move.

    It was to go from from_folder_id to folder_id, null when that is gone. message: as it is now, null when it is gone.
    """

    id: str
    message: MessageAnswer | None
    from_folder_id: str | None
    folder_id: str | None
    state: EntryState
    attempts: int
    code: str | None


class EntryPage(Answer):
    """A page of a run's journal."""

    items: list[EntryAnswer]
    next_cursor: str | None


@router.post("", status_code=202, operation_id="start_move")
async def start_move(  # noqa: PLR0913, PLR0917  # what moves, what was seen, once only
    mailbox: Mailbox,
    wanted: MoveRequest,
    revision: Revision,
    key: IdempotencyKey,
    context: ContextOf,
    work: WorkOf,
    response: Response,
) -> MoveAnswer:
    """Approves a preview. Held and review are never among what moves."""
    only = None if wanted.decision_ids is None else set(wanted.decision_ids)
    run = await requests.approve(context, work, mailbox, wanted.scan_id, revision=revision, key=key, only=only)
    return await _accepted(context, run, response)


@router.get("", operation_id="list_moves")
async def list_moves(
    mailbox: Mailbox, context: ContextOf, limit: Annotated[int, Query(ge=1, le=MOST)] = RECENT
) -> MoveList:
    """The newest runs of the mailbox."""

    def told(connection: Connection) -> list[MoveAnswer]:
        return _told(connection, move_runs.recent(connection, mailbox, limit=limit))

    return MoveList(items=await context.read(told))


@router.get("/{run_id}", operation_id="get_move")
async def get_move(mailbox: Mailbox, run_id: RunId, context: ContextOf) -> MoveAnswer:
    """How far a run is."""
    answer, _ = await _look(context, mailbox, run_id)
    return answer


@router.get("/{run_id}/events", operation_id="watch_move", response_class=StreamingResponse)
async def watch_move(
    mailbox: Mailbox,
    run_id: RunId,
    context: ContextOf,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> StreamingResponse:
    """How far a run is, as it goes (text/event-stream); the last event is the end."""
    await _look(context, mailbox, run_id)
    return events.stream(lambda: _look(context, mailbox, run_id), last_event_id)


@router.get("/{run_id}/entries", operation_id="list_entries")
async def list_entries(
    mailbox: Mailbox,
    run_id: RunId,
    context: ContextOf,
    cursors: CursorsOf,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> EntryPage:
    """The journal of a run."""
    after = cursors.open(f"entries/{run_id}", cursor)
    rows = await journals.page(context, mailbox, run_id, after=after, limit=PAGE)
    following = cursors.sign(f"entries/{run_id}", rows[-1].entry.seq) if len(rows) == PAGE else None
    return EntryPage(items=[_entry(row) for row in rows], next_cursor=following)


@router.post("/{run_id}/undo", status_code=202, operation_id="undo_move")
async def undo_move(  # noqa: PLR0913, PLR0917  # what goes back, once only
    mailbox: Mailbox,
    run_id: RunId,
    wanted: UndoRequest,
    key: IdempotencyKey,
    context: ContextOf,
    work: WorkOf,
    response: Response,
) -> MoveAnswer:
    """Takes a run back. A message that was moved elsewhere meanwhile is left alone, and said so."""
    only = None if wanted.entry_ids is None else set(wanted.entry_ids)
    run = await requests.undo(context, work, mailbox, run_id, key=key, only=only)
    return await _accepted(context, run, response)


@router.post("/{run_id}/pause", operation_id="pause_move")
async def pause_move(mailbox: Mailbox, run_id: RunId, context: ContextOf) -> MoveAnswer:
    """Lets a run rest after the chains in flight, across restarts; one that has ended stays as it ended."""
    return await _one(context, await halting.pause_run(context, mailbox, run_id))


@router.post("/{run_id}/resume", operation_id="resume_move")
async def resume_move(mailbox: Mailbox, run_id: RunId, context: ContextOf, work: WorkOf) -> MoveAnswer:
    """A paused run goes on where it was; nothing moves twice."""
    return await _one(context, await halting.resume_run(context, work, mailbox, run_id))


@router.post("/{run_id}/cancel", operation_id="cancel_move")
async def cancel_move(mailbox: Mailbox, run_id: RunId, context: ContextOf, work: WorkOf) -> MoveAnswer:
    """Stops a run: what has moved stays and can be undone, the rest is left alone; cancelled once it stood down."""
    return await _one(context, await halting.cancel_run(context, work, mailbox, run_id))


async def _one(context: Context, run: MoveRun) -> MoveAnswer:
    (answer,) = await context.read(lambda connection: _told(connection, [run]))
    return answer


async def _accepted(context: Context, run: MoveRun, response: Response) -> MoveAnswer:
    response.headers["Location"] = f"/api/v1/mailboxes/{run.mailbox_id}/moves/{run.id}"
    response.headers["Retry-After"] = str(POLL_SECONDS)
    return await _one(context, run)


async def _look(context: Context, mailbox: str, run_id: str) -> tuple[MoveAnswer, WorkState]:
    def look(connection: Connection) -> tuple[MoveAnswer, WorkState]:
        run = move_runs.get(connection, mailbox, run_id)
        (answer,) = _told(connection, [run])
        return answer, run.state

    return await context.read(look)


def _told(connection: Connection, runs: Sequence[MoveRun]) -> list[MoveAnswer]:
    run_ids = [run.id for run in runs]
    undone_by, undone = move_runs.undoing(connection, run_ids), move_runs.undone(connection, run_ids)
    return [_answer(run, undone_by.get(run.id), undone.get(run.id, 0)) for run in runs]


def _answer(run: MoveRun, undone_by: str | None, undone: int) -> MoveAnswer:
    running = run.progress is Progress.RUNNING
    known = {
        "state": run.progress,
        "undone_by": undone_by,
        "undone": undone,
        "started_at": instant(run.created_at),
        "ended_at": None if run.finished_at is None else instant(run.finished_at),
        "eta_seconds": eta.of_moves(run.total - run.ended, run.ended, run.pace_us) if running else None,
    }
    return MoveAnswer.model_validate({**columns(run, MoveAnswer), **known})


def _entry(row: journals.Row) -> EntryAnswer:
    entry = row.entry
    return EntryAnswer(
        id=entry.id,
        message=MessageAnswer.of(row.message),
        from_folder_id=row.from_folder_id,
        folder_id=row.folder_id,
        state=entry.state,
        attempts=entry.attempts,
        code=entry.code,
    )
