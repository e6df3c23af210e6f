"""/api/v1/sessions: the caller's sessions, on every device. What device that is, nobody keeps."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from gateway.api.context import Asking
from gateway.api.model import Answer, instant
from gateway.identity.revocation import SignOut
from gateway.store.sessions import Session

ENDED = {"clear-site-data": '"cache", "storage"'}


class SessionAnswer(Answer):
    """One session that is live."""

    id: str
    started_at: datetime
    last_used_at: datetime = Field(description="exact to a minute")
    ends_at: datetime = Field(description="at the latest; 30 minutes without use end it earlier")
    current: bool = Field(description="whether it is the one that asks")


class SessionList(Answer):
    """Those that are live, newest first; no more than 100."""

    items: list[SessionAnswer]


def router(sign_out: SignOut) -> APIRouter:
    """The routes, over this."""
    routes = APIRouter(prefix="/api/v1/sessions", tags=["session"])

    @routes.get("", operation_id="list_sessions")
    async def list_sessions(caller: Asking) -> SessionList:
        """The caller's live sessions: when each began, was used last, and ends."""
        found = await sign_out.live_sessions(caller)
        return SessionList(items=[_answer(session, caller.session_id) for session in found])

    @routes.delete("", operation_id="sign_out_everywhere", status_code=204)
    async def everywhere(caller: Asking) -> Response:
        """Ends all of them: at once here, within 5 s on other replicas. Mailboxes stay connected, API keys stay."""
        await sign_out.everywhere(caller)
        return Response(status_code=204, headers=ENDED)

    @routes.delete("/{session_id}", operation_id="end_session", status_code=204)
    async def end(caller: Asking, session_id: Annotated[str, Path(max_length=64)]) -> Response:
        """Ends one of the caller's sessions: at once here, within 5 s on other replicas."""
        await sign_out.one(caller, session_id)
        return Response(status_code=204, headers=ENDED if session_id == caller.session_id else None)

    return routes


def _answer(session: Session, current: str) -> SessionAnswer:
    return SessionAnswer(
        id=session.id,
        started_at=instant(session.created_at),
        last_used_at=instant(session.last_seen_at),
        ends_at=instant(session.expires_at),
        current=session.id == current,
    )
