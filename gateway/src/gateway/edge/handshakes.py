"""In which order handshakes begin, and how many at once.

Guarantees: a handshake takes the event loop up to a millisecond from everybody else, so a flood of them is begun a few
at a time, and requests go on in between; whoever has the fewest connections comes first, however many wait. A
connection that was cut while it waited is closed and never begun.
"""

import asyncio
import heapq
import itertools
import socket
from collections.abc import Callable, Coroutine
from typing import Final

from gateway.edge.protocol import HttpConnection

BURST: Final = 2  # at once; the third of a browser's six waits for the next turn
PAUSE_S: Final = 0.01  # then; 200 a second use a fifth of a core, whoever sends them

Begin = Callable[["Seat"], Coroutine[None, None, None]]


class Seat:
    """One accepted connection: it waits, shakes hands, speaks HTTP."""

    def __init__(self, arrived: socket.socket, client: bytes) -> None:
        self.arrived = arrived
        self.client = client
        self.handshake: asyncio.Task[None] | None = None
        self.http: HttpConnection | None = None

    @property
    def waiting(self) -> bool:
        """Whether it is the client's turn."""
        return self.http is None or self.http.waiting

    def cut(self) -> None:
        """End it now."""
        if self.http is not None:
            self.http.cut()
        elif self.handshake is not None:
            self.handshake.cancel()
        else:
            self.arrived.close()


class Handshakes:
    """Those that wait to begin, and those that have begun. begin: what one is."""

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._numbers = itertools.count()
        self._queue: list[tuple[int, int, Seat]] = []
        self._queued = asyncio.Event()
        self._begun: set[asyncio.Task[None]] = set()
        self._beginning = asyncio.create_task(self._run())

    def add(self, seat: Seat, held: int) -> None:
        """One more. held: the connections that its client had before."""
        heapq.heappush(self._queue, (held, next(self._numbers), seat))
        self._queued.set()

    async def end(self) -> None:
        """Nothing begins any more, and what has not ended is cancelled."""
        for task in (self._beginning, *self._begun):
            task.cancel()
        for _, _, seat in self._queue:
            seat.cut()
        await asyncio.gather(self._beginning, *self._begun, return_exceptions=True)

    def check(self) -> None:
        """Raises what ended the beginning, if anything did."""
        if self._beginning.done():
            self._beginning.result()

    async def _run(self) -> None:
        while True:
            await self._queued.wait()
            for _ in range(min(BURST, len(self._queue))):
                self._start(heapq.heappop(self._queue)[2])
            if not self._queue:
                self._queued.clear()
            await asyncio.sleep(PAUSE_S)

    def _start(self, seat: Seat) -> None:
        if seat.arrived.fileno() < 0:  # it was cut meanwhile
            return
        seat.handshake = asyncio.create_task(self._begin(seat))
        self._begun.add(seat.handshake)
        seat.handshake.add_done_callback(self._begun.discard)
