"""What happened to a mailbox: its owner's view of the audit log."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from gateway.api.context import Asking, ContextOf, CursorsOf, Mailbox
from gateway.api.model import Answer, columns, instant
from gateway.audit.event import Log
from gateway.organise.context import Context
from gateway.store import audit
from gateway.store.audit import Entry

router = APIRouter(prefix="/api/v1/mailboxes/{mailbox_id}/activity", tags=["activity"])
MOST = 100


class EventAnswer(Answer):
    """One event; kind and reason are codes (docs/reference/audit.md), object_id names what it was about."""

    id: str
    at: datetime
    kind: str
    outcome: str
    reason: str | None
    object_id: str | None
    amount: int
    trace_id: str | None


class EventPage(Answer):
    """A page; next_cursor is null on the last one."""

    items: list[EventAnswer]
    next_cursor: str | None


@router.get("", operation_id="list_activity")
async def list_activity(  # noqa: PLR0913, PLR0917  # FastAPI's way to name query parameters
    mailbox: Mailbox,
    who: Asking,
    context: ContextOf,
    cursors: CursorsOf,
    log: Log = Log.AUDIT,
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> EventPage:
    """What was done with this mailbox, newest first; log=security: who came, and who was not let in."""
    name = f"activity/{mailbox}/{log}"
    before = None if cursor is None else cursors.open(name, cursor)
    rows = await _events(context, who.person_id, mailbox, log, limit, before)
    following = cursors.sign(name, rows[-1].seq) if len(rows) == limit else None
    return EventPage(items=[_answer(row) for row in rows], next_cursor=following)


async def _events(  # noqa: PLR0913, PLR0917  # whose, and which page
    context: Context, person: str, mailbox: str, log: Log, limit: int, before: int | None
) -> list[Entry]:
    marks = await context.read(lambda connection: context.audit.marks(connection, person, mailbox))
    own = {"person": marks.person or b"", "mailbox": marks.mailbox or b""}
    return await context.read(lambda connection: audit.of_owner(connection, log, **own, limit=limit, before=before))


def _answer(row: Entry) -> EventAnswer:
    return EventAnswer.model_validate({**columns(row, EventAnswer), "at": instant(row.at)})
