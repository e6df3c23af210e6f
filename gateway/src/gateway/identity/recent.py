"""Whether a sign-in is fresh enough for what can't be taken back or would hand everything to a thief of one tab."""

from typing import ClassVar, Final

import grpc
from sqlalchemy import Connection

from chassis.errors import ServiceError
from gateway.identity.jwt import Principal
from gateway.identity.live import IDLE_MS
from gateway.store import clock, sessions

RECENT_MS: Final = 10 * clock.MINUTE  # since Microsoft last said who it is


class RecentSignInNeeded(ServiceError):
    """The session is good, but too old for this."""

    code: ClassVar[str] = "recent_sign_in_needed"
    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.PERMISSION_DENIED
    http_status: ClassVar[int] = 403
    title: ClassVar[str] = "Sign in again first"
    sentence: ClassVar[str] = "This needs a sign-in of the last ten minutes. Sign in again, then repeat it."


def require(connection: Connection, caller: Principal, *, now: int) -> None:
    """Raises RecentSignInNeeded unless the caller's session began within RECENT_MS."""
    session = sessions.live(connection, caller.session_id, now=now, idle=IDLE_MS)
    if session is None or session.created_at < now - RECENT_MS:
        raise RecentSignInNeeded
