"""The TLS listener: uvicorn on uvloop and httptools, with the three things it lacks.

Guarantees: TLS 1.3 or nothing; a connection that doesn't get on with it is cut (handshake, headers, body, reading,
idle: each has its deadline - uvicorn has only the last, and 60 of 60 slow connections stayed open); a request that
isn't HTTP gets the same problem and the same security headers as any other error. Never names its software.
Certificates are reloaded when their files change, on the live context: connections stay, the next handshake sees the
new one.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.errors import InvalidArgument, problem
from chassis.tls import TlsFiles, TlsWatch
from gateway.edge.headers import secured
from gateway.edge.joined import Joined
from gateway.edge.problems import CONTENT_TYPE

DRAIN_S: Final = 20  # for requests under way at shutdown
MAX_CONNECTIONS: Final = 2_000  # about 60 KiB each; beyond that newcomers are cut before they cost anything
CERTIFICATE_CHECK_S: Final = 10.0  # how often the certificate's files are looked at
MAX_HEADER_BYTES: Final = 32 * 1024  # our largest request has 1 KiB of headers; llhttp has no limit of its own


@dataclass(frozen=True)
class Deadlines:
    """How long a connection may take, in seconds, for each thing that it can be slow at."""

    handshake_s: float = 5.0  # TLS; a phone on a bad line needs about one
    headers_s: float = 10.0  # from the connection, or a request's first byte, to the end of its headers
    message_s: float = 30.0  # from the end of the headers to the end of the body, whether a route reads it or not
    stall_s: float = 30.0  # for reading any of an answer that waits in our buffer
    idle_s: int = 30  # between requests on one connection


PATIENT: Final = Deadlines()


@dataclass(frozen=True)
class Address:
    """Where to listen. Port 0: any free one (see Listener.port)."""

    host: str
    port: int


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 protocol with deadlines, a header cap and our own 400."""

    def __init__(self, server: "Listener") -> None:
        super().__init__(server.config, server.server_state, server.lifespan.state)
        self._deadlines = server.deadlines
        self._most_connections = server.most_connections
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._in_headers = True
        self._requests = 0  # whose headers are complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # always a Transport
        """Cut at once when full; otherwise the clock for the first request starts."""
        super().connection_made(Joined(transport, self.loop))
        if len(self.connections) > self._most_connections:
            transport.abort()
            return
        self._start(self._deadlines.headers_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """No clock outlives its connection."""
        self._stop()
        self._unstall()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not read what we answer: the buffer is full."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self._deadlines.stall_s, self._cut)

    def resume_writing(self) -> None:
        """It read on."""
        self._unstall()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Bound what comes before the headers end: in bytes, and in time even if it never begins a request."""
        waiting = self.cycle is None or self.cycle.response_complete
        if waiting and self._deadline is None:  # llhttp skips empty lines without a word: they must not keep us here
            self._start(self._deadlines.headers_s)
        requests, began_in_headers = self._requests, self._in_headers
        super().data_received(data)
        headers_only = began_in_headers and self._in_headers  # not the end of a body, however large
        if headers_only and self._requests == requests:  # nothing but headers, and still no end of them
            self._header_bytes += len(data)
        if self._header_bytes > MAX_HEADER_BYTES:
            self.send_400_response("")

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._in_headers = True
        self._start(self._deadlines.headers_s)

    def on_headers_complete(self) -> None:
        """The headers are there; the body has its own deadline."""
        self._in_headers = False
        self._header_bytes = 0
        self._requests += 1
        self._start(self._deadlines.message_s)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All is there. From here on, time is ours."""
        self._stop()
        self._in_headers = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # the library's sentence; ours is in the problem
        """What was received is not HTTP, or has no end."""
        self._stop()
        if not self.transport.is_closing():
            self.transport.write(MALFORMED)
            self.transport.close()

    def _start(self, seconds: float) -> None:
        self._stop()
        self._deadline = self.loop.call_later(seconds, self._cut)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _unstall(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _cut(self) -> None:
        # abort, not close: whoever sends a byte a second may also read one a second.
        self.transport.abort()


def _malformed() -> bytes:
    body = msgspec.json.encode(problem(InvalidArgument(), ""))
    headers = [(b"content-type", CONTENT_TYPE), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    lines = [b"HTTP/1.1 400 Bad Request", *(b": ".join(header) for header in secured(headers, api=True))]
    return b"\r\n".join([*lines, b"", body])


MALFORMED: Final = _malformed()


class Listener(Server):
    """The server. Await serve(); set should_exit to drain and end. Signals are the process's, not ours.

    TlsRefused or SecretRefused at once when the certificate's files are not fit for use.
    """

    def __init__(
        self,
        app: ASGIApp,
        address: Address,
        files: TlsFiles,
        *,
        deadlines: Deadlines = PATIENT,
        connections: int = MAX_CONNECTIONS,
    ) -> None:
        self.deadlines = deadlines
        self.most_connections = connections
        self._files = files
        self._watch = TlsWatch(files)
        super().__init__(_config(app, address, files, deadlines.idle_s))
        self.config.load()

    @property
    def port(self) -> int:
        """The port that was bound, once `started`."""
        bound: int = self.servers[0].sockets[0].getsockname()[1]
        return bound

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield

    async def startup(self, sockets: Any = None) -> None:  # noqa: ARG002  # uvicorn's signature; we bind ourselves
        """As uvicorn's, with a deadline for the handshake."""
        await self.lifespan.startup()
        server = await asyncio.get_running_loop().create_server(
            lambda: Protocol(self),
            self.config.host,
            self.config.port,
            ssl=self.config.ssl,
            ssl_handshake_timeout=self.deadlines.handshake_s,
            backlog=self.config.backlog,
        )
        self.servers = [server]
        self.started = True

    async def main_loop(self) -> None:
        """As uvicorn's, with the certificate's files watched meanwhile."""
        watching = asyncio.create_task(self._reload_when_changed())
        try:
            await super().main_loop()
        finally:
            watching.cancel()

    def reload_certificate(self) -> bool:
        """Serve what the files hold now. False when that is nothing new, or not (yet) a pair to start with."""
        context = self.config.ssl
        if context is None or self._watch.changed() is None:
            return False
        context.load_cert_chain(self._files.certificate, self._files.key)
        return True

    async def _reload_when_changed(self) -> None:
        while True:
            await asyncio.sleep(CERTIFICATE_CHECK_S)
            self.reload_certificate()


def _config(app: ASGIApp, address: Address, files: TlsFiles, idle_s: int) -> Config:
    return Config(
        app,
        host=address.host,
        port=address.port,
        loop="uvloop",
        http=Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,  # it writes paths and addresses
        proxy_headers=False,  # X-Forwarded-For is the caller's to write
        server_header=False,
        date_header=False,
        timeout_keep_alive=idle_s,
        timeout_graceful_shutdown=DRAIN_S,
        ssl_context_factory=lambda *_: _context(files),
    )


def _context(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(files.certificate, files.key)
    return context
