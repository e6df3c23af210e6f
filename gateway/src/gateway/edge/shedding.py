"""Refuses early, and says so, instead of letting a queue grow.

Guarantees: above the limits of gateway.edge.load a request costs nothing but its answer: 503, Retry-After, a problem.
What an operator needs to see in just that moment (liveness and readiness; metrics have a port and threads of their own)
is always let through.
"""

import secrets
from collections.abc import Awaitable
from typing import ClassVar, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import Unavailable
from gateway.edge.load import Load
from gateway.edge.problems import refuse

ALWAYS: Final = frozenset({"/healthz", "/readyz"})
RETRY_S: Final = (1, 5)  # spread, so that those who were refused together don't come back together


class Overloaded(Unavailable):
    """More is under way than can be answered in time; this request was not begun."""

    code: ClassVar[str] = "overloaded"
    title: ClassVar[str] = "Too busy"
    sentence: ClassVar[str] = "There is too much to do just now, and this request was not begun. Try again in a moment."


class Shedding:
    """The layer. Stands before anything costs work."""

    def __init__(self, app: ASGIApp, *, load: Load) -> None:
        self._app = app
        self._load = load

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """See ASGI."""
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            return self._app(scope, receive, send)
        if self._load.excess() is not None:
            least, most = RETRY_S
            return refuse(scope, send, Overloaded(retry_after=least + secrets.randbelow(most - least + 1)))
        return self._counted(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        load = self._load
        load.waiting += 1
        waits = True

        def answering(message: Message) -> Awaitable[None]:
            nonlocal waits
            if waits:  # an answer that has begun, such as a stream of events, holds its place in no queue
                waits = False
                load.waiting -= 1
            return send(message)

        try:
            await self._app(scope, receive, answering)
        finally:
            if waits:
                load.waiting -= 1
