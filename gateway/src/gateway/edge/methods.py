"""Methods outside a closed list end here, with 405 and Allow. TRACE would echo the access token back."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.edge.problems import MethodNotAllowed, refuse

METHODS: Final = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")  # no OPTIONS: there is no cross-origin caller
ALLOW: Final = (b"allow", ", ".join(METHODS).encode())


class Methods:
    """The layer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in METHODS:
            await refuse(scope, send, MethodNotAllowed(), [ALLOW])
            return
        await self._app(scope, receive, send)
