"""Trying a folder's description on real mail before it is saved. Text is joined live and stored nowhere."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from gateway.api.context import ContextOf, Mailbox
from gateway.api.message import MessageAnswer
from gateway.api.model import Answer, Body
from gateway.organise import trial
from gateway.organise.folders import MAX_DESCRIPTION

router = APIRouter(prefix="/api/v1/mailboxes/{mailbox_id}/folders/{folder_id}/trial", tags=["folders"])


class TrialRequest(Body):
    """The description to try."""

    description: Annotated[str, Field(min_length=1, max_length=MAX_DESCRIPTION)]


class FitAnswer(Answer):
    """A message that would go there; confidence is 0 to 1."""

    message: MessageAnswer
    confidence: float


class OverlapAnswer(Answer):
    """Another chosen folder, and the share (0 to 1) of what fits here that it would take nearly as surely."""

    folder_id: str
    share: float


class TrialAnswer(Answer):
    """nearest: surest first, 5 at most. borderline: 5 more at most, about which a little decides."""

    looked_at: int = Field(description="messages of the inbox, the newest 200 at most")
    nearest: list[FitAnswer]
    borderline: list[FitAnswer]
    overlaps: list[OverlapAnswer]


@router.post("", operation_id="try_description")
async def try_description(
    mailbox: Mailbox, folder_id: Annotated[str, Path(max_length=64)], wanted: TrialRequest, context: ContextOf
) -> TrialAnswer:
    """What would go into the folder if it were described so. Nothing is saved, nothing is learned, nothing moves."""
    return TrialAnswer.model_validate(await trial.trial(context, mailbox, folder_id, wanted.description))
