"""Where connections come in: accepted one by one, counted before they cost anything, then TLS.

Guarantees: a connection beyond a cap is reset before a byte of TLS; a handshake counts from its first moment and ends
by its deadline; running out of descriptors pauses accepting and loses nobody who is in. Each handshake uses the newest
certificate. In which order they begin: gateway.edge.handshakes.
"""

import asyncio
import contextlib
import itertools
import socket
import struct
from collections.abc import Callable, Collection
from ipaddress import ip_address
from typing import Final

from chassis.errors import StartRefused
from chassis.server_tls import ServerTls
from gateway.edge.address import Network, network, trusted
from gateway.edge.counts import EdgeCounts
from gateway.edge.crowd import Crowd
from gateway.edge.handshakes import Handshakes, Seat
from gateway.edge.protocol import Deadlines, HttpConnection
from gateway.edge.reading import Reading

BACKLOG: Final = 2_048
MANY: Final = 32  # accepted in one go: sock_accept never yields while others wait, and requests must go on
EXHAUSTED_S: Final = 0.5  # without descriptors, until the next attempt
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s


class Door:
    """A listening socket. Has what uvicorn asks of a server: close() and wait_closed()."""

    def __init__(  # noqa: PLR0913  # by keyword; each is one decision of the listener
        self,
        listening: socket.socket,
        *,
        tls: ServerTls,
        speak: Callable[[Callable[[], None]], HttpConnection],
        crowd: Crowd[Seat],
        proxies: Collection[Network],
        deadlines: Deadlines,
        counts: EdgeCounts,
    ) -> None:
        self._listening = listening
        self._tls = tls
        self._speak = speak
        self._crowd = crowd
        self._proxies = proxies
        self._deadlines = deadlines
        self._counts = counts
        self._handshakes = Handshakes(self._shake_hands)
        self._accepting = asyncio.create_task(self._accept())

    @property
    def port(self) -> int:
        """The bound one."""
        return int(self._listening.getsockname()[1])

    def close(self) -> None:
        """Nobody comes in any more; who has come in may go on."""
        self._accepting.cancel()

    def check(self) -> None:
        """Raises what ended the accepting, if anything did: a door that is stuck must not look open."""
        self._handshakes.check()
        if self._accepting.done():
            self._accepting.result()

    async def wait_closed(self) -> None:
        """Until the socket is closed."""
        await asyncio.gather(self._accepting, return_exceptions=True)
        await self._handshakes.end()
        self._listening.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        for number in itertools.count(1):
            try:
                arrived, peer = await loop.sock_accept(self._listening)
            except OSError:  # no descriptors left, or the client is gone already
                await asyncio.sleep(EXHAUSTED_S)
            else:
                self._greet(arrived, str(peer[0]))
            if number % MANY == 0:
                await asyncio.sleep(0)

    def _greet(self, arrived: socket.socket, host: str) -> None:
        seat = Seat(arrived, network(host))
        many = bool(self._proxies) and trusted(ip_address(host), self._proxies)
        held = 0 if many else self._crowd.held(seat.client)
        refusal = self._crowd.enter(seat.client, seat, many=many)
        if refusal is None:
            self._counts.connections.set(len(self._crowd))
            self._handshakes.add(seat, held)
            return
        self._counts.refused(refusal)
        with arrived, contextlib.suppress(OSError):  # it is gone already
            arrived.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    async def _shake_hands(self, seat: Seat) -> None:
        def ended() -> None:
            self._crowd.leave(seat.client, seat)
            self._counts.connections.set(len(self._crowd))

        http = self._speak(ended)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: Reading(http),
                seat.arrived,
                ssl=self._tls.current,
                ssl_handshake_timeout=self._deadlines.handshake_s,
                ssl_shutdown_timeout=self._deadlines.farewell_s,
            )
            seat.http = http
        except OSError:  # ssl's errors are, and so are lost connections
            self._counts.handshake_failed()
        finally:
            if seat.http is None:
                ended()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. StartRefused when it can't."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError:
        raise StartRefused(
            "The address of the gateway cannot be bound. Is host an address of this machine, and is the port free?"
        ) from None
    listening.setblocking(False)
    return listening
