"""What routes are given: who asks, and that the mailbox is theirs. Another's mailbox is as absent as one that isn't."""

from typing import Annotated

from fastapi import Depends, Header, Path, Request

from chassis.errors import InvalidArgument, NotFound, PreconditionRequired
from gateway.api.cursor import Cursors
from gateway.edge.origin import denied
from gateway.edge.tokens import principal
from gateway.identity.jwt import Principal
from gateway.organise.context import Context
from gateway.store import mailboxes
from gateway.store.errors import RowAbsent
from gateway.work import Work

MAX_KEY = 128  # characters of an Idempotency-Key


def context_of(request: Request) -> Context:
    """The one context that main built."""
    context: Context = request.app.state.context
    return context


async def owned_mailbox(
    mailbox_id: Annotated[str, Path(max_length=64)],
    who: Annotated[Principal, Depends(principal)],
    context: Annotated[Context, Depends(context_of)],
    request: Request,
) -> str:
    """The mailbox's id, if it is the asking person's, and not another one than an API key is for."""
    if who.mailbox_id not in {None, mailbox_id}:
        raise NotFound("there is no such mailbox here")
    try:
        await context.read(lambda connection: mailboxes.owned(connection, who.person_id, mailbox_id))
    except RowAbsent:
        denied(request.scope, "mailbox")
        raise NotFound("there is no such mailbox here") from None
    return mailbox_id


def expected_revision(if_match: Annotated[str | None, Header()] = None) -> int:
    """The revision in If-Match: what the owner saw must be what changes."""
    if if_match is None:
        raise PreconditionRequired("send If-Match with the ETag of the scan that you saw")
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isdecimal() or len(text) > 9:  # noqa: PLR2004  # far over any revision, far under an int's trouble
        raise InvalidArgument("If-Match must be the ETag of a scan")
    return int(text)


def idempotency_key(idempotency_key: Annotated[str | None, Header()] = None) -> str:
    """Required where mail moves, so that a request sent twice moves once."""
    if not idempotency_key:
        raise PreconditionRequired("send an Idempotency-Key: any new random string")
    if len(idempotency_key) > MAX_KEY:
        raise InvalidArgument(f"Idempotency-Key is longer than {MAX_KEY} characters")
    return idempotency_key


def work_of(request: Request) -> Work:
    """The queue for what takes long."""
    work: Work = request.app.state.work
    return work


def cursors_of(request: Request) -> Cursors:
    """Signs where the next page begins."""
    cursors: Cursors = request.app.state.cursors
    return cursors


ContextOf = Annotated[Context, Depends(context_of)]
WorkOf = Annotated[Work, Depends(work_of)]
CursorsOf = Annotated[Cursors, Depends(cursors_of)]
Mailbox = Annotated[str, Depends(owned_mailbox)]
Revision = Annotated[int, Depends(expected_revision)]
IdempotencyKey = Annotated[str, Depends(idempotency_key)]
Asking = Annotated[Principal, Depends(principal)]
