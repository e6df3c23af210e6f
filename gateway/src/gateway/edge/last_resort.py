"""What is answered when a layer itself fails: a problem with our headers, never the server's own 500.

Guarantees: outermost of everything, so that even such a fault leaves in the one form that errors have here, and leaves
no text of an exception in a log. When an answer had begun, the server refuses a second one and cuts the connection.
"""

from typing import Final

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.errors import Internal, problem
from chassis.logs import get
from gateway.edge.headers import secured
from gateway.edge.problems import CONTENT_TYPE

_BODY: Final = msgspec.json.encode(problem(Internal(), ""))
_FIXED: Final = (
    (b"content-type", CONTENT_TYPE),
    (b"content-length", str(len(_BODY)).encode()),
    (b"connection", b"close"),
)


class LastResort:
    """Around everything that the server calls."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as error:  # noqa: BLE001  # whatever it is; CancelledError passes
            get(__name__).error("request.unanswered", error_type=type(error), at=error.__traceback__)
            headers = secured(_FIXED, api=True)
            await send({"type": "http.response.start", "status": Internal.http_status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if scope.get("method") == "HEAD" else _BODY})
