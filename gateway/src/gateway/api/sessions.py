"""/api/v1/sessions: all of the caller's sessions, on every device."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from gateway.edge.tokens import principal
from gateway.identity.jwt import Principal
from gateway.identity.revocation import SignOut


def router(sign_out: SignOut) -> APIRouter:
    """The routes, over this."""
    routes = APIRouter(prefix="/api/v1/sessions", tags=["session"])

    @routes.delete("", operation_id="sign_out_everywhere", status_code=204)
    async def everywhere(caller: Annotated[Principal, Depends(principal)]) -> Response:
        """Ends all of them: at once here, within 5 s on other replicas. Mailboxes stay connected, API keys stay."""
        await sign_out.everywhere(caller)
        return Response(status_code=204, headers={"clear-site-data": '"cache", "storage"'})

    return routes
