"""The asking person's mailboxes."""

from fastapi import APIRouter

from gateway.api.context import Asking, ContextOf
from gateway.api.model import Answer
from gateway.store import mailboxes

router = APIRouter(prefix="/api/v1/mailboxes", tags=["mailboxes"])


class MailboxAnswer(Answer):
    """One mailbox."""

    id: str


class MailboxList(Answer):
    """All of them; nobody has so many that pages are needed."""

    items: list[MailboxAnswer]


@router.get("", operation_id="list_mailboxes")
async def list_mailboxes(who: Asking, context: ContextOf) -> MailboxList:
    """The mailboxes that the asking person connected; of an API key for one of them, that one."""
    rows = await context.read(lambda connection: mailboxes.of_person(connection, who.person_id))
    return MailboxList(items=[MailboxAnswer(id=row.id) for row in rows if who.mailbox_id in {None, row.id}])
