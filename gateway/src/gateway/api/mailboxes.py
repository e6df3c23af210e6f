"""The asking person's mailboxes."""

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Connection

from gateway.api.context import Asking, ContextOf, Mailbox
from gateway.api.model import Answer, Signed
from gateway.rights.disconnection import Disconnections
from gateway.store import mailboxes, token_caches
from gateway.store.codes import Access, Need


class MailboxAnswer(Answer):
    """One mailbox."""

    id: str
    access: Access | None = Field(description="preview: may only be looked at; full: mail may be moved; null: none")
    scopes: list[str] = Field(description="Microsoft's permissions as it granted them; empty: none, or not told yet")
    needs_sign_in: Need | None = Field(description="why its owner has to sign in with Microsoft again; null: no need")


class MailboxList(Answer):
    """All of them; nobody has so many that pages are needed."""

    items: list[MailboxAnswer]


class MailboxReceiptAnswer(Answer):
    """The receipt. Keep it: `mail-organiser audit receipt` checks it. key_id, public_key, signature: Ed25519."""

    person_id: str
    mailbox_id: str
    gone_at: Signed
    rewritten: bool
    key_id: str
    public_key: str
    signature: str


def router(disconnections: Disconnections) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/mailboxes", tags=["mailboxes"])
    routes.get("", operation_id="list_mailboxes")(list_mailboxes)

    @routes.delete("/{mailbox_id}", operation_id="disconnect_mailbox")  # noqa: FAST003  # Mailbox takes it
    async def disconnect_mailbox(mailbox: Mailbox, who: Asking) -> MailboxReceiptAnswer:
        """Ends a mailbox: everything held about it goes, and no undo is left. Connected again, it is a new one.

        409 while messages of it are being moved.
        """
        return MailboxReceiptAnswer.model_validate(await disconnections.disconnect(who, mailbox))

    return routes


async def list_mailboxes(who: Asking, context: ContextOf) -> MailboxList:
    """The mailboxes that the asking person connected, and how Microsoft's permission for each stands.

    Of an API key for one of them, that one.
    """
    found = await context.read(lambda connection: _of_person(connection, who.person_id))
    return MailboxList(items=[one for one in found if who.mailbox_id in {None, one.id}])


def _of_person(connection: Connection, person_id: str) -> list[MailboxAnswer]:
    ids = [row.id for row in mailboxes.of_person(connection, person_id)]
    return [_answer(mailbox_id, token_caches.get(connection, mailbox_id)) for mailbox_id in ids]


def _answer(mailbox_id: str, row: token_caches.TokenCache | None) -> MailboxAnswer:
    if row is None:
        return MailboxAnswer(id=mailbox_id, access=None, scopes=[], needs_sign_in=Need.DISCONNECTED)
    return MailboxAnswer(id=mailbox_id, access=row.access, scopes=sorted(row.granted), needs_sign_in=row.need)
