"""Graph's limits for one app and mailbox: 4 requests at a time and 10,000 in 10 minutes, each batch item counted.

Guarantees: no window of 10 minutes holds more than the limit; first come, first served; while Graph asks for a pause
nobody of this mailbox calls. Source: learn.microsoft.com/graph/throttling-limits, Outlook service limits.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from gateway.graph.clock import Clock
from gateway.graph.errors import Throttled
from gateway.graph.retry import MAX_WAIT

CONCURRENT: Final = 4  # requests at a time for one app and mailbox
PER_WINDOW: Final = 10_000  # requests for one app and mailbox
WINDOW: Final = 600.0  # seconds
MAX_PAUSE: Final = 3600.0  # seconds: a Retry-After of years must not shut a mailbox for good
_GRAIN: Final = 1.0  # seconds: what is spent within one is kept as one entry, so that 600 entries are enough


class Window:
    """What was spent in the last 10 minutes. Pure: the time comes in."""

    def __init__(self, limit: int = PER_WINDOW) -> None:
        self._limit = limit
        self._spent: deque[tuple[float, int]] = deque()
        self._total = 0

    def wait(self, cost: int, now: float) -> float:
        """Seconds until cost may be spent; 0 means now."""
        self._forget(now)
        free = self._limit - self._total
        for time, spent in self._spent:
            if free >= cost:
                return 0.0
            free += spent
            if free >= cost:
                return time + WINDOW + _GRAIN - now
        return 0.0

    def spend(self, cost: int, now: float) -> None:
        """Counts what is about to be sent."""
        if self._spent and now - self._spent[-1][0] < _GRAIN:
            time, before = self._spent.pop()
            self._spent.append((time, before + cost))
        else:
            self._spent.append((now, cost))
        self._total += cost

    def _forget(self, now: float) -> None:
        # An entry covers up to one grain after its time, so it is kept that much longer.
        while self._spent and now - self._spent[0][0] >= WINDOW + _GRAIN:
            self._total -= self._spent.popleft()[1]


class Gate:
    """One mailbox's way through. Everything that calls for one app and mailbox must share one gate."""

    def __init__(self, clock: Clock, limit: int = PER_WINDOW) -> None:
        self._clock = clock
        self._window = Window(limit)
        self._turn = asyncio.Lock()  # first come, first served: only the first in line looks for a place
        self._left = asyncio.Event()
        self._inside = 0
        self._paused_until = -math.inf

    @asynccontextmanager
    async def enter(self, *, weight: int, cost: int) -> AsyncIterator[None]:
        """Holds weight of the 4 places and spends cost of the 10,000. Throttled if that needs more than MAX_WAIT."""
        async with self._turn:
            await self._take(weight)
        try:
            await self._wait_for_time(cost)
            self._window.spend(cost, self._clock.monotonic())
            yield
        finally:
            self._inside -= weight
            self._left.set()

    def pause(self, seconds: float) -> None:
        """Graph asked for it: calls that continue while throttled keep counting."""
        self._paused_until = max(self._paused_until, self._clock.monotonic() + min(seconds, MAX_PAUSE))

    async def _wait_for_time(self, cost: int) -> None:
        while (delay := self._delay(cost)) > 0:
            if delay > MAX_WAIT:
                raise Throttled(delay)
            await self._clock.sleep(delay)

    def _delay(self, cost: int) -> float:
        now = self._clock.monotonic()
        return max(self._paused_until - now, self._window.wait(cost, now))

    async def _take(self, weight: int) -> None:
        while self._inside + weight > CONCURRENT:
            self._left.clear()
            await self._left.wait()
        self._inside += weight
