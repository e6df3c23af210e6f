"""What was learned of a mailbox: how much, and forgetting it. Texts neither come in nor go out here."""

from typing import Annotated

from fastapi import APIRouter, Path

from gateway.api.context import ContextOf, Mailbox
from gateway.api.model import Answer
from gateway.organise import forget
from gateway.store import learned_messages

router = APIRouter(prefix="/api/v1/mailboxes/{mailbox_id}/learned", tags=["learned"])
Id = Annotated[str, Path(max_length=64)]


class LearnedFolder(Answer):
    """A folder, and how many messages of it were learned from."""

    folder_id: str
    total: int


class LearnedAnswer(Answer):
    """What was learned from and not forgotten, by folder."""

    items: list[LearnedFolder]


@router.get("", operation_id="show_learned")
async def show_learned(mailbox: Mailbox, context: ContextOf) -> LearnedAnswer:
    """How many messages of each folder were learned from."""
    counts = await context.read(lambda connection: learned_messages.counts(connection, mailbox))
    return LearnedAnswer(items=[LearnedFolder(folder_id=name, total=counts[name]) for name in sorted(counts)])


@router.delete("", status_code=204, operation_id="forget_everything")
async def forget_everything(mailbox: Mailbox, context: ContextOf) -> None:
    """Forgets all that was learned. What it was learned from is not learned from again; what is filed next is."""
    await forget.everything(context, mailbox)


@router.delete("/folders/{folder_id}", status_code=204, operation_id="forget_folder")
async def forget_folder(mailbox: Mailbox, folder_id: Id, context: ContextOf) -> None:
    """Forgets what was learned of one folder. Mail that lies there is not learned from again; what comes next is."""
    await forget.folder(context, mailbox, folder_id)


@router.delete("/messages/{decision_id}", status_code=204, operation_id="forget_message")
async def forget_message(mailbox: Mailbox, decision_id: Id, context: ContextOf) -> None:
    """Forgets what was learned of the message of this decision; one that wasn't learned from is no error."""
    await forget.message(context, mailbox, decision_id)
