"""What the owner said is no attack. Texts neither come in nor go out here: a held message is named, Microsoft asked."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from gateway.api.context import ContextOf, Mailbox
from gateway.api.model import Answer, Body, Remember, instant
from gateway.organise import corrections
from gateway.store import corrections as correction_rows
from gateway.store.codes import CorrectionKind
from gateway.store.corrections import Correction

router = APIRouter(prefix="/api/v1/mailboxes/{mailbox_id}/corrections", tags=["corrections"])


class CorrectionRequest(Body):
    """What to remember of which held message: its sender's address, or its subject."""

    decision_id: Annotated[str, Field(max_length=64)]
    remember: Remember


class CorrectionAnswer(Answer):
    """A correction. What it remembers can't be shown: a hash of it is all that is kept."""

    id: str
    kind: CorrectionKind
    created_at: datetime


class CorrectionList(Answer):
    """All of a mailbox's, oldest first; it has a thousand at most."""

    items: list[CorrectionAnswer]


@router.get("", operation_id="list_corrections")
async def list_corrections(mailbox: Mailbox, context: ContextOf) -> CorrectionList:
    """What is remembered, without a word of it."""
    rows = await context.read(lambda connection: correction_rows.of_mailbox(connection, mailbox))
    return CorrectionList(items=[_answer(row) for row in rows])


@router.post("", status_code=201, operation_id="remember_correction")
async def remember_correction(mailbox: Mailbox, wanted: CorrectionRequest, context: ContextOf) -> CorrectionAnswer:
    """From the next scan on, held mail of this sender, or with exactly this subject, is for review. Again: the same."""
    return _answer(await corrections.remember(context, mailbox, wanted.decision_id, wanted.remember))


@router.delete("/{correction_id}", status_code=204, operation_id="forget_correction")
async def forget_correction(
    mailbox: Mailbox, correction_id: Annotated[str, Path(max_length=64)], context: ContextOf
) -> None:
    """From the next scan on, such mail is held again."""
    await corrections.forget(context, mailbox, correction_id)


def _answer(row: Correction) -> CorrectionAnswer:
    return CorrectionAnswer(id=row.id, kind=row.kind, created_at=instant(row.created_at))
