"""Sending somebody who is signed in to Microsoft once more: for one more mailbox, or to renew the access to one.

Both end as a sign-in does (gateway.api.session): callback, one-time code, exchange. The session before ends with it.
"""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from gateway.api.context import Asking, Mailbox
from gateway.api.model import Body
from gateway.api.session import SignInRequest, SignInStarted, started
from gateway.identity.sign_in import CHALLENGE, SignIns
from gateway.store.codes import Access


class RenewRequest(Body):
    """What renews a mailbox's access. access "full" asks for the permission to move mail as well."""

    challenge: str = Field(pattern=f"^{CHALLENGE.pattern}$", description="base64url SHA-256 of the tab's verifier")
    access: Annotated[Access, Field(strict=False)] | None = None  # JSON has strings, not members of an enum


def router(sign_ins: SignIns) -> APIRouter:
    """The routes, over this."""
    routes = APIRouter(prefix="/api/v1/mailboxes", tags=["mailboxes"])

    @routes.post("", operation_id="connect_mailbox")
    async def connect(body: SignInRequest, caller: Asking, response: Response) -> SignInStarted:
        """Connects one more Microsoft account's own mailbox to who asks. Shared mailboxes are not reached."""
        return started(response, await sign_ins.connect(body.challenge, caller))

    @routes.post("/{mailbox_id}/sign-in", operation_id="renew_mailbox")  # noqa: FAST003  # Mailbox takes it
    async def renew(mailbox: Mailbox, body: RenewRequest, caller: Asking, response: Response) -> SignInStarted:
        """Renews what Microsoft took back, or asks for the permission to move mail."""
        return started(response, await sign_ins.renew(body.challenge, caller, mailbox, body.access))

    return routes
