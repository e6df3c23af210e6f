"""The TLS listener: uvicorn on uvloop and httptools, behind a door of our own.

Guarantees: TLS 1.3 or nothing, Mozilla's modern groups or no start; nobody holds more connections than their share
(gateway.edge.crowd), and each has its deadlines (gateway.edge.protocol). Never names its software. Certificates are
taken up when their files change: connections stay, the next handshake sees the new one.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.types import ASGIApp
from uvicorn import Config, Server

from chassis.server_tls import ServerTls
from chassis.tls import TlsFiles
from gateway.edge.address import Network
from gateway.edge.allocator import keep_threshold
from gateway.edge.counts import EdgeCounts
from gateway.edge.crowd import MAX_CONNECTIONS, MAX_OF_A_CLIENT, Crowd
from gateway.edge.descriptors import room_for
from gateway.edge.door import Door, listen
from gateway.edge.handshakes import Seat
from gateway.edge.load import Load
from gateway.edge.protocol import PATIENT, Deadlines, HttpConnection

DRAIN_S: Final = 20  # for requests under way at shutdown
CERTIFICATE_CHECK_S: Final = 10.0  # how often the certificate's files are looked at


@dataclass(frozen=True)
class Address:
    """Where to listen. Port 0: any free one (see Listener.port)."""

    host: str
    port: int


@dataclass(frozen=True)
class Terms:
    """What the listener grants. proxies: networks whose connections speak for others, and have no cap of their own.

    headers: of every answer, also to what never becomes a request.
    """

    deadlines: Deadlines = PATIENT
    connections: int = MAX_CONNECTIONS
    connections_of_a_client: int = MAX_OF_A_CLIENT
    proxies: Collection[Network] = ()
    headers: Sequence[tuple[str, str]] = ()
    certificate_check_s: float = CERTIFICATE_CHECK_S


@dataclass(frozen=True)
class Gauges:
    """What the listener measures while it runs."""

    load: Load = field(default_factory=Load)
    counts: EdgeCounts = field(default_factory=EdgeCounts)


class Listener(Server):
    """The server. Await serve(); set should_exit to drain and end. Signals are the process's, not ours.

    TlsRefused or SecretRefused at once when the certificate's files are not fit for use, StartRefused from serve() when
    the address isn't.
    """

    def __init__(
        self,
        app: ASGIApp,
        address: Address,
        files: TlsFiles,
        *,
        terms: Terms | None = None,
        gauges: Gauges | None = None,
    ) -> None:
        self._terms = terms or Terms()
        self._gauges = gauges or Gauges()
        self._tls = ServerTls(files)
        super().__init__(_config(app, address, self._terms))
        self.config.load()

    @property
    def port(self) -> int:
        """The port that was bound, once `started`."""
        return self._door.port

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield

    async def startup(self, sockets: Any = None) -> None:  # noqa: ARG002  # uvicorn's signature; we bind ourselves
        """As uvicorn's, with our door instead of asyncio's server."""
        await self.lifespan.startup()
        keep_threshold()
        terms = self._terms
        self._door = Door(
            listen(self.config.host, self.config.port),
            tls=self._tls,
            speak=self._speak,
            crowd=Crowd[Seat](room_for(terms.connections), terms.connections_of_a_client),
            proxies=terms.proxies,
            deadlines=terms.deadlines,
            counts=self._gauges.counts,
        )
        self.servers = [self._door]  # type: ignore[list-item]  # it has what uvicorn asks of one
        self.started = True

    def _speak(self, ended: Callable[[], None]) -> HttpConnection:
        malformed = self._gauges.counts.malformed
        return HttpConnection(self.config, self.server_state, self._terms.deadlines, ended, malformed)

    async def main_loop(self) -> None:
        """As uvicorn's, with the certificate's files and the load watched meanwhile."""
        watching = [asyncio.create_task(self._renew()), asyncio.create_task(self._gauges.load.watch())]
        try:
            await super().main_loop()
        except BaseException:
            self._door.close()
            await self._door.wait_closed()
            raise
        finally:
            for each in watching:
                each.cancel()

    async def on_tick(self, counter: int) -> bool:
        """As uvicorn's, ten times a second; a fault at the door ends the server, and the process with it."""
        self._door.check()
        return await super().on_tick(counter)

    def reload_certificate(self) -> bool:
        """Serve what the files hold now. False when that is nothing new, or not (yet) a pair to start with."""
        return self._tls.renew()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._terms.certificate_check_s)
            self.reload_certificate()


def _config(app: ASGIApp, address: Address, terms: Terms) -> Config:
    return Config(
        app,
        host=address.host,
        port=address.port,
        loop="uvloop",
        http=HttpConnection,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,  # it writes paths and addresses
        proxy_headers=False,  # gateway.edge.address decides
        server_header=False,
        date_header=False,
        headers=list(terms.headers),
        timeout_keep_alive=terms.deadlines.idle_s,
        timeout_graceful_shutdown=DRAIN_S,
    )
