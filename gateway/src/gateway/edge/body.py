"""Request bodies: capped, and in time.

Guarantees: no route sees a body over its cap (413) or waits for one beyond the deadline (408); what it sees is
complete. The caps are small enough to hold a whole body in memory, and holding it is what makes both simple.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.edge.problems import PayloadTooLarge, RequestTimeout, refuse

MAX_BODY_BYTES: Final = 64 * 1024  # the largest JSON that a route of ours takes has a few KiB
BODY_DEADLINE_S: Final = 10.0  # for the whole body; 64 KiB in 10 s is 6.5 KiB/s, slower than any phone
_ANNOUNCE: Final = frozenset({b"content-length", b"transfer-encoding"})
ARRIVED: Final = "mail_organiser.arrived"  # in the scope: the connection has the whole body already
CLOSE: Final = (b"connection", b"close")  # what was not read must not be taken for the next request


class Bodies:
    """The layer. `caps`: path -> bytes, for the routes that take more or less than MAX_BODY_BYTES."""

    def __init__(self, app: ASGIApp, *, caps: Mapping[str, int], deadline_s: float = BODY_DEADLINE_S) -> None:
        self._app = app
        self._caps = dict(caps)
        self._deadline_s = deadline_s

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """See ASGI."""
        if scope["type"] != "http" or not _has_body(scope):
            return self._app(scope, receive, send)
        return self._with_body(scope, receive, send)

    async def _with_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            cap = self._caps.get(scope["path"], MAX_BODY_BYTES)
            if ARRIVED in scope:  # so there is nothing to wait for, and a clock costs as much as the rest
                body = await _read(scope, receive, cap)
            else:
                async with asyncio.timeout(self._deadline_s):
                    body = await _read(scope, receive, cap)
        except _TooLarge:
            await refuse(scope, send, PayloadTooLarge(), [CLOSE])
        except TimeoutError:
            await refuse(scope, send, RequestTimeout(), [CLOSE])
        except _Gone:
            return
        else:
            await self._app(scope, _replay(body, receive), send)


class _TooLarge(Exception):
    pass


class _Gone(Exception):
    """The client went away before it had sent everything: nobody is left to answer."""


def _has_body(scope: Scope) -> bool:
    return bool([name for name, _ in scope["headers"] if name in _ANNOUNCE])


async def _read(scope: Scope, receive: Receive, cap: int) -> bytes:
    if [value for name, value in scope["headers"] if name == b"content-length" and int(value) > cap]:
        raise _TooLarge  # before a byte of it is read; the server has checked that it is a number
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        body += message.get("body", b"")
        if len(body) > cap:
            raise _TooLarge
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message
