"""What stays where it is by itself."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from gateway.api.context import ContextOf, Mailbox
from gateway.api.model import Answer, Body
from gateway.organise import keeping
from gateway.organise.rules.protection import MOST_HOURS

router = APIRouter(prefix="/api/v1/mailboxes/{mailbox_id}/keeping", tags=["protections"])


class KeepingAnswer(Answer):
    """Whether mail of people whom the owner wrote to stays, flagged mail does, and mail younger than so many hours."""

    replied_to: bool
    flagged: bool
    younger_than_hours: int


class KeepingChange(Body):
    """What to change; what is absent stays. 0 hours switches the delay off."""

    replied_to: bool | None = None
    flagged: bool | None = None
    younger_than_hours: Annotated[int | None, Field(ge=0, le=MOST_HOURS)] = None


@router.get("", operation_id="get_keeping")
async def get_keeping(mailbox: Mailbox, context: ContextOf) -> KeepingAnswer:
    """As it is now."""
    kept = await context.read(lambda connection: keeping.of_mailbox(connection, mailbox))
    return KeepingAnswer.model_validate(kept)


@router.patch("", operation_id="change_keeping")
async def change_keeping(mailbox: Mailbox, change: KeepingChange, context: ContextOf) -> KeepingAnswer:
    """Changes it, from the next scan on."""
    return KeepingAnswer.model_validate(await keeping.change(context, mailbox, **change.model_dump()))
