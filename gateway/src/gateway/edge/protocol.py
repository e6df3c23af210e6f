"""One connection: uvicorn's HTTP/1.1 on httptools, with the deadlines, caps and refusals that it lacks.

Guarantees: who doesn't get on with it is cut (headers, body, reading, idle: each has its deadline - uvicorn has only
the last, and 60 of 60 slow connections stayed open); what leaves a doubt (gateway.edge.framing) gets 400, an unknown
method 405, and nothing behind it is ever answered: one request is read at a time, a second one that was sent before the
answer to the first ends the connection with that answer. Trailers are refused: they would be taken for headers.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import httptools
import msgspec
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from chassis.errors import InvalidArgument, ServiceError, problem
from gateway.edge.alarm import Alarm
from gateway.edge.allow import ALLOW
from gateway.edge.answer import WHOLE
from gateway.edge.body import ARRIVED
from gateway.edge.counts import Malformed
from gateway.edge.cycle import Cycle
from gateway.edge.framing import MAX_HEADER_BYTES, doubtful
from gateway.edge.headers import Header, secured
from gateway.edge.problems import CONTENT_TYPE, MethodNotAllowed

_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}
_REASONS: Final = {400: "Bad Request", 405: "Method Not Allowed"}


@dataclass(frozen=True)
class Deadlines:
    """How long a connection may take, in seconds, for each thing that it can be slow at."""

    handshake_s: float = 5.0  # TLS; a phone on a bad line needs about one
    headers_s: float = 10.0  # from the connection, or a request's first byte, to the end of its headers
    message_s: float = 30.0  # from the end of the headers to the end of the body, whether a route reads it or not
    stall_s: float = 30.0  # for reading any of an answer that waits in our buffer
    idle_s: int = 30  # between requests on one connection
    farewell_s: float = 5.0  # for the client's half of TLS's goodbye; uvloop would wait 30


PATIENT: Final = Deadlines()


class _Refused(Exception):
    """Raised inside of the parser: it stops there, and no byte that follows is parsed."""


class HttpConnection(HttpToolsProtocol):
    """The protocol. ended: called once, when the connection is gone; malformed: once, when what came ends it."""

    cycle: Cycle
    scope: Any

    def __init__(  # uvicorn's two, and what a connection tells
        self,
        config: Config,
        state: ServerState,
        deadlines: Deadlines,
        ended: Callable[[], None],
        malformed: Callable[[Malformed], None],
    ) -> None:
        super().__init__(config, state, {})
        self._deadlines = deadlines
        self._ended = ended
        self._alarm = Alarm(self.loop, min(deadlines.headers_s, deadlines.message_s, deadlines.idle_s))
        self._malformed = malformed
        self._why = Malformed.UNPARSABLE
        self._stalled: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._in_headers = True
        self._due_s: float | None = None  # what the clock is to be set to once these bytes are read
        self._idle = False  # between two requests
        self._requests = 0  # whose headers are complete
        self._deaf = False  # nothing that comes is read any more

    @property
    def waiting(self) -> bool:
        """Whether it is the client's turn."""
        return self._alarm.is_set or not self._answering

    def cut(self) -> None:
        """End it now. abort, not close: whoever sends a byte a second may also read one a second."""
        self.transport.abort()

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # always a Transport
        """The clock for the first request starts."""
        super().connection_made(transport)
        self._alarm.set(self._deadlines.headers_s, self.cut)

    def connection_lost(self, exc: Exception | None) -> None:
        """No clock outlives its connection."""
        self._alarm.end()
        self._unstall()
        super().connection_lost(exc)
        self._ended()

    def pause_writing(self) -> None:
        """The client does not read what we answer: the buffer is full."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self._deadlines.stall_s, self.cut)

    def resume_writing(self) -> None:
        """It read on."""
        self._unstall()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Bound what comes before the headers end: in bytes, and in time even if it never begins a request."""
        if self._deaf:
            return
        if self._idle:  # llhttp skips empty lines: they must not keep us here
            self._idle = False
            self._due_s = self._deadlines.headers_s
        requests, began_in_headers = self._requests, self._in_headers
        self._parse(data)
        if self._due_s is not None:
            self._alarm.set(self._due_s, self.cut)
            self._due_s = None
        headers_only = began_in_headers and self._in_headers  # not the end of a body, however large
        if headers_only and self._requests == requests:  # nothing but headers, and still no end of them
            self._header_bytes += len(data)
        if self._header_bytes > MAX_HEADER_BYTES:
            self._refuse(InvalidArgument(), Malformed.TOO_LARGE)

    def _parse(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserInvalidMethodError:
            self._refuse(MethodNotAllowed(), Malformed.UNKNOWN_METHOD, ALLOW)
        except httptools.HttpParserUpgrade:
            self._refuse(InvalidArgument(), Malformed.AMBIGUOUS)
        except httptools.HttpParserError:
            self._refuse(InvalidArgument(), self._why)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        if self._answering:
            raise self._doubt(Malformed.PIPELINED)
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self._in_headers = True
        self._due_s = self._deadlines.headers_s

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; in a trailer, too, which is refused."""
        if not self._in_headers:
            raise self._doubt(Malformed.TRAILER)
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The headers are there; the body has its own deadline."""
        version = self.parser.get_http_version()
        if doubtful(version, self.url, self.headers):
            raise self._doubt(Malformed.AMBIGUOUS)
        self._in_headers = False
        self._header_bytes = 0
        self._requests += 1
        self._due_s = self._deadlines.message_s
        self._describe(version)
        self._answer(keep_alive=version == "1.1" and self.parser.should_keep_alive())

    def _describe(self, version: str) -> None:
        path, query = _parted(self.url)
        text = path.decode("ascii")
        self.scope = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": "",
            "headers": self.headers,
            "method": self.parser.get_method().decode("ascii"),
            "path": unquote(text) if "%" in text else text,
            "raw_path": path,
            "query_string": query,
            WHOLE: True,
        }

    def _answer(self, *, keep_alive: bool) -> None:
        cycle = Cycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            default_headers=self.server_state.default_headers,
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
            tasks=self.tasks,
        )
        if self.expect_100_continue:
            cycle.waiting_for_100_continue = True
        self.cycle = cycle
        cycle.task = self.loop.create_task(cycle.run_asgi(self.app))
        self.tasks.add(cycle.task)

    def on_message_complete(self) -> None:
        """All is there. From here on, time is ours; or it was answered before, and the next one may come."""
        self._in_headers = True
        if self.cycle.response_complete:
            self._rest()
            return
        self._stop()
        self.scope[ARRIVED] = True  # for gateway.edge.body
        self.cycle.more_body = False
        self.cycle.wake()

    def on_response_complete(self) -> None:
        """All was said. What is left of the body still has its deadline."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self._in_headers:
            self._rest()

    def _rest(self) -> None:
        self._idle = True
        self._due_s = None
        self._alarm.set(self._deadlines.idle_s, self.timeout_keep_alive_handler)

    def _doubt(self, reason: Malformed) -> _Refused:
        self._why = reason
        return _Refused()

    def _refuse(self, error: ServiceError, reason: Malformed, *more: Header) -> None:
        """The last thing that is said on this connection; never beside another answer."""
        if self._deaf:
            return
        self._deaf = True
        self._malformed(reason)
        self._stop()
        if self._answering and self._in_headers:  # an earlier request is being answered: that answer is the last
            self.cycle.keep_alive = False
            self.flow.pause_reading()
        elif self._answering and self.cycle.response_started:  # in the middle of an answer there is no way to say it
            self.cut()
        elif not self.transport.is_closing():
            if self._in_headers or self._answering:  # otherwise the request whose rest this is was answered already
                self.transport.write(_written(error, *more, *self.server_state.default_headers))
            self.transport.close()

    def _stop(self) -> None:
        self._due_s = None
        self._alarm.stop()

    def _unstall(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


def _parted(target: bytes) -> tuple[bytes, bytes]:
    """Path and query. target: not doubtful."""
    if target.startswith(b"/") and b"#" not in target:
        path, _, query = target.partition(b"?")
        return path, query
    parsed = httptools.parse_url(target)
    return parsed.path or b"/", parsed.query or b""


def _written(error: ServiceError, *more: Header) -> bytes:
    """A whole answer in bytes, for what never becomes a request: with the headers of any other."""
    body = msgspec.json.encode(problem(error, ""))
    length = str(len(body)).encode()
    headers = [(b"content-type", CONTENT_TYPE), (b"content-length", length), (b"connection", b"close"), *more]
    status = f"HTTP/1.1 {error.http_status} {_REASONS[error.http_status]}".encode()
    return b"\r\n".join([status, *(b": ".join(header) for header in secured(headers, api=True)), b"", body])
