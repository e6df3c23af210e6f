"""What is not a plain HTTP request of a known method ends here.

Guarantees: methods outside a closed list get 405 and Allow (TRACE would echo the access token back), and a WebSocket
is closed at once: it would pass every later layer, which look at HTTP only.
"""

from collections.abc import Awaitable, Iterable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.edge.allow import METHODS, Route, allow
from gateway.edge.problems import MethodNotAllowed, refuse

POLICY_VIOLATION: Final = 1008  # RFC 6455, section 7.4.1


class Methods:
    """The layer. routes: the application's, for what Allow says."""

    def __init__(self, app: ASGIApp, *, routes: Iterable[Route] = ()) -> None:
        self._app = app
        self._routes = tuple(routes)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """See ASGI."""
        if scope["type"] == "http" and scope["method"] not in METHODS:
            return refuse(scope, send, MethodNotAllowed(), [(b"allow", allow(self._routes, scope).encode())])
        if scope["type"] == "websocket":
            return send({"type": "websocket.close", "code": POLICY_VIOLATION})
        return self._app(scope, receive, send)
