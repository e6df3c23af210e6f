"""Scans of a mailbox. A scan moves nothing: it leaves a preview."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from sqlalchemy import Connection

from gateway.api import events
from gateway.api.context import ContextOf, Mailbox, WorkOf
from gateway.api.model import Answer, Body, columns, instant
from gateway.organise import estimates, eta, halting, requests
from gateway.organise.context import Context
from gateway.store import decisions, folders, scans
from gateway.store.codes import DecisionKind, Progress, WorkState
from gateway.store.scans import Scan

router = APIRouter(prefix="/api/v1/mailboxes/{mailbox_id}/scans", tags=["scans"])
ScanId = Annotated[str, Path(max_length=64)]
NANOS = 1e9  # of one unit of money
POLL_SECONDS = 1  # what Retry-After suggests while a scan runs
RECENT, MOST = 20, 100  # scans of a list


class ScanRequest(Body):
    """Which folder to scan; the inbox when absent."""

    folder_id: Annotated[str | None, Field(max_length=64)] = None


class ScanAnswer(Answer):
    """A scan. done of total messages are decided, learned filed ones were learned from; counts of decisions by kind.

    most: how many of the folder's messages the plan lets a scan look at; null: all. folder_id: null when it is gone.
    eta_seconds: how long it still takes; null when that is not known.
    """

    id: str
    folder_id: str | None
    state: Progress
    started_at: datetime
    ended_at: datetime | None
    eta_seconds: int | None
    total: int
    done: int
    learned: int
    revision: int
    error_code: str | None
    most: int | None
    counts: dict[DecisionKind, int]


class ScanList(Answer):
    """The mailbox's scans, newest first."""

    items: list[ScanAnswer]


class EstimateAnswer(Answer):
    """What a scan would cost if the AI provider were asked about each of its messages, and what today still allows.

    Money is in the operator's currency. A scan that reaches the cap goes on with the learned engine.
    """

    messages: int
    provider: str
    tokens: int
    cost: float
    tokens_left: int
    cost_left: float


@router.get("", operation_id="list_scans")
async def list_scans(
    mailbox: Mailbox, context: ContextOf, limit: Annotated[int, Query(ge=1, le=MOST)] = RECENT
) -> ScanList:
    """The newest scans of the mailbox."""

    def told(connection: Connection) -> list[ScanAnswer]:
        return _told(connection, mailbox, scans.recent(connection, mailbox, limit=limit))

    return ScanList(items=await context.read(told))


@router.get("/estimate", operation_id="estimate_scan")
async def estimate_scan(
    mailbox: Mailbox, context: ContextOf, folder_id: Annotated[str | None, Query(max_length=64)] = None
) -> EstimateAnswer:
    """What scanning a folder, the inbox when none is named, would cost. Nobody is asked anything about mail."""
    found = await estimates.of_scan(context, mailbox, folder_id)
    return EstimateAnswer(
        messages=found.messages,
        provider=found.terms.state,
        tokens=found.cost.tokens,
        cost=found.cost.nanos / NANOS,
        tokens_left=found.left.tokens,
        cost_left=found.left.nanos / NANOS,
    )


@router.post("", status_code=202, operation_id="start_scan")
async def start_scan(
    mailbox: Mailbox, wanted: ScanRequest, context: ContextOf, work: WorkOf, response: Response
) -> ScanAnswer:
    """Starts a scan; ask for it until its state is done, failed or cancelled."""
    scan = await requests.scan(context, work, mailbox, wanted.folder_id)
    response.headers["Location"] = f"/api/v1/mailboxes/{mailbox}/scans/{scan.id}"
    response.headers["Retry-After"] = str(POLL_SECONDS)
    return await _answer(context, scan, response)


@router.get("/{scan_id}", operation_id="get_scan")
async def get_scan(mailbox: Mailbox, scan_id: ScanId, context: ContextOf, response: Response) -> ScanAnswer:
    """How far a scan is; its ETag is the revision of its preview."""
    scan = await context.read(lambda connection: scans.get(connection, mailbox, scan_id))
    return await _answer(context, scan, response)


@router.get("/{scan_id}/events", operation_id="watch_scan", response_class=StreamingResponse)
async def watch_scan(
    mailbox: Mailbox,
    scan_id: ScanId,
    context: ContextOf,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> StreamingResponse:
    """How far a scan is, as it goes (text/event-stream); the last event is the end."""
    await _look(context, mailbox, scan_id)
    return events.stream(lambda: _look(context, mailbox, scan_id), last_event_id)


@router.post("/{scan_id}/cancel", operation_id="cancel_scan")
async def cancel_scan(
    mailbox: Mailbox, scan_id: ScanId, context: ContextOf, work: WorkOf, response: Response
) -> ScanAnswer:
    """Stops a scan after the page in flight; what it decided stays as a preview that can't be approved."""
    return await _answer(context, await requests.cancel_scan(context, work, mailbox, scan_id), response)


@router.post("/{scan_id}/pause", operation_id="pause_scan")
async def pause_scan(mailbox: Mailbox, scan_id: ScanId, context: ContextOf, response: Response) -> ScanAnswer:
    """Lets a scan rest after the page in flight, across restarts; one that has ended stays as it ended."""
    return await _answer(context, await halting.pause_scan(context, mailbox, scan_id), response)


@router.post("/{scan_id}/resume", operation_id="resume_scan")
async def resume_scan(
    mailbox: Mailbox, scan_id: ScanId, context: ContextOf, work: WorkOf, response: Response
) -> ScanAnswer:
    """A paused scan goes on where it was."""
    return await _answer(context, await halting.resume_scan(context, work, mailbox, scan_id), response)


async def _answer(context: Context, scan: Scan, response: Response) -> ScanAnswer:
    response.headers["ETag"] = f'"{scan.revision}"'
    (answer,) = await context.read(lambda connection: _told(connection, scan.mailbox_id, [scan]))
    return answer


async def _look(context: Context, mailbox: str, scan_id: str) -> tuple[ScanAnswer, WorkState]:
    def look(connection: Connection) -> tuple[ScanAnswer, WorkState]:
        scan = scans.get(connection, mailbox, scan_id)
        (answer,) = _told(connection, mailbox, [scan])
        return answer, scan.state

    return await context.read(look)


def _told(connection: Connection, mailbox_id: str, found: Sequence[Scan]) -> list[ScanAnswer]:
    counts = decisions.counts_of(connection, [scan.id for scan in found])
    folder_ids = {row.graph_id: row.id for row in folders.of_mailbox(connection, mailbox_id)}
    return [_one(scan, folder_ids.get(scan.source_graph_id), counts[scan.id]) for scan in found]


def _one(scan: Scan, folder_id: str | None, counts: Mapping[DecisionKind, int]) -> ScanAnswer:
    known = {
        "folder_id": folder_id,
        "state": scan.progress,
        "started_at": instant(scan.created_at),
        "ended_at": None if scan.finished_at is None else instant(scan.finished_at),
        "eta_seconds": eta.of_scan(scan.total - scan.done, scan.pace_us) if scan.progress is Progress.RUNNING else None,
        "counts": counts,
    }
    return ScanAnswer.model_validate({**columns(scan, ScanAnswer), **known})
