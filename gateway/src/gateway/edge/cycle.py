"""One answer on its way out: uvicorn's cycle of a request, with what every answer says written once.

Guarantees: no header leaves with a character that could end it; a body is as long as its head says. A head that
announces a length leaves together with the body's first part - one TLS record and one system call instead of two -
and the head of a stream at once.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from typing import Any, Final

from starlette.types import ASGIApp
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HEADER_RE, STATUS_LINE, RequestResponseCycle

from gateway.edge.headers import NO_STORE, SECURITY_HEADERS, Header
from gateway.edge.last_resort import note, unanswered

_NAMES: Final = 256  # of headers, remembered with how they are written; ours are about thirty
_NO_BODY: Final = frozenset({204, 304})  # RFC 9110, 6.4.1
_FORBIDDEN: Final = bytes([*range(9), *range(10, 32), 127])  # in a header's value: RFC 9110, 5.5


class Cycle(RequestResponseCycle):
    """receive() is uvicorn's. task: runs run_asgi(), and is taken out of `tasks` at its end."""

    # As every request begins; only what changes becomes the cycle's own.
    disconnected = False
    more_body = True
    waiting_for_100_continue = False
    response_started = False
    response_complete = False
    chunked_encoding: bool | None = None
    expected_content_length = 0
    task: asyncio.Task[None] | None = None
    _head = b""  # waits for the body's first part
    _says_close = False

    def __init__(  # noqa: PLR0913  # by keyword; what a connection hands to it
        self,
        *,
        scope: Any,
        transport: asyncio.Transport,
        flow: FlowControl,
        default_headers: list[Header],
        keep_alive: bool,
        on_response: Callable[[], None],
        tasks: set[Any],
    ) -> None:
        self.scope = scope
        self.transport = transport
        self.flow = flow
        self.default_headers = default_headers
        self.keep_alive = keep_alive
        self.on_response = on_response
        self.body = bytearray()
        self._tasks = tasks

    @cached_property
    def message_event(self) -> asyncio.Event:  # type: ignore[override]  # uvicorn's, made when somebody waits for it
        """Set when there is something to receive()."""
        event = asyncio.Event()
        if not self.more_body or self.response_complete:
            event.set()
        return event

    def wake(self) -> None:
        """Whoever waits to receive() goes on."""
        if "message_event" in self.__dict__:
            self.message_event.set()

    async def run_asgi(self, app: ASGIApp) -> None:  # type: ignore[override]  # starlette's name for the same
        """The whole answer, a problem when there is none, or a cut: so a client learns that the rest won't come."""
        try:
            try:
                await app(self.scope, self.receive, self.send)  # type: ignore[arg-type]  # two names for the same types
            except Exception as error:  # noqa: BLE001  # whatever it is; CancelledError passes
                note(error)
            if not (self.response_started or self.disconnected):
                await unanswered(self.scope, self.send)  # type: ignore[arg-type]  # the same
        finally:
            self._ended()

    def _ended(self) -> None:
        if not (self.response_complete or self.disconnected):
            self.transport.close()
        self._tasks.discard(self.task)
        self.task = None
        self.on_response = _nothing  # it holds the connection, and that the cycle

    async def send(self, message: Any) -> None:
        """ASGI's. RuntimeError for a message out of order, a header that is none, a body of another length."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        kind = message["type"]
        if kind == "http.response.start" and not self.response_started:
            self._begin(message["status"], message.get("headers", ()))
            if "body" in message:  # a whole answer: gateway.edge.answer
                self._go_on(message["body"], more=False)
        elif kind == "http.response.body" and self.response_started and not self.response_complete:
            self._go_on(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise RuntimeError(f"Out of order: {kind}")

    def _begin(self, status: int, headers: Iterable[Header]) -> None:
        self.response_started = True
        self.waiting_for_100_continue = False
        lines = [_WRITTEN.get(header) or self._line(*header) for header in (*headers, *self.default_headers)]
        if not (self.keep_alive or self._says_close):
            lines.append(b"connection: close\r\n")
        if self.chunked_encoding is None and status not in _NO_BODY and self.scope["method"] != "HEAD":
            self.chunked_encoding = True
            lines.append(b"transfer-encoding: chunked\r\n")
        self._head = b"".join((STATUS_LINE[status], *lines, b"\r\n"))
        if self.chunked_encoding:
            self._write(b"")

    def _line(self, name: bytes, value: bytes) -> bytes:
        lower, begin = _name(name)
        if value.translate(None, _FORBIDDEN) != value:
            raise RuntimeError("A header's value has a character that no value may have")
        if lower in _FRAMING:
            self._frame(lower, value.lower())
        return begin + value + b"\r\n"

    def _frame(self, name: bytes, value: bytes) -> None:
        if name == b"content-length" and self.chunked_encoding is None:
            self.expected_content_length, self.chunked_encoding = int(value), False
        elif name == b"transfer-encoding" and value == b"chunked":
            self.expected_content_length, self.chunked_encoding = 0, True
        elif name == b"connection" and b"close" in [token.strip() for token in value.split(b",")]:
            self.keep_alive, self._says_close = False, True

    def _go_on(self, body: bytes, *, more: bool) -> None:
        if self.scope["method"] == "HEAD":
            self.expected_content_length = 0
            self._write(b"")
        elif self.chunked_encoding:
            self._write(_chunk(body) if more else _chunk(body) + b"0\r\n\r\n")
        else:
            self.expected_content_length -= len(body)
            if self.expected_content_length < 0:
                raise RuntimeError("The body is longer than its Content-Length")
            self._write(body)
        if not more:
            self._complete()

    def _complete(self) -> None:
        if self.expected_content_length:
            raise RuntimeError("The body is shorter than its Content-Length")
        self.response_complete = True
        self.wake()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()

    def _write(self, data: bytes) -> None:
        if self._head:
            self._head, data = b"", self._head + data
        if data:
            self.transport.write(data)


@lru_cache(_NAMES)
def _name(name: bytes) -> tuple[bytes, bytes]:
    """In lower case, and how its line begins."""
    if HEADER_RE.search(name):
        raise RuntimeError("A header's name has a character that no name may have")
    return name.lower(), name.lower() + b": "


def _nothing() -> None:
    pass


def _chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body) if body else b""


_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding", b"connection"})
_EVERYWHERE: Final = (*SECURITY_HEADERS, NO_STORE, (b"content-type", b"application/json"))
_WRITTEN: Final = {header: header[0] + b": " + header[1] + b"\r\n" for header in _EVERYWHERE}
