"""How much there is to do, and whether that is too much.

Two signals. Requests that nobody has begun to answer: each holds memory and waits for the database, a peer or Graph.
And the event loop's lateness: when even the least of the last second's lags is long, there is a queue that does not
drain (the thought is CoDel's, RFC 8289: a burst is no overload, a standing queue is). A moment's pause sheds nobody.
"""

import asyncio
import time
from collections import deque
from typing import Final

from gateway.edge.counts import EdgeCounts

MAX_WAITING: Final = 128  # requests without the first byte of their answer; the database and Graph have less places
LOOK_S: Final = 0.1  # between two looks at the clock
LOOKS: Final = 10  # that must all be late: a second's worth
MAX_LAG_S: Final = 0.25  # a person notices from here


class Load:
    """Requests that wait, and the loop's lag. Await watch() beside the server."""

    def __init__(
        self, *, most: int = MAX_WAITING, max_lag_s: float = MAX_LAG_S, counts: EdgeCounts | None = None
    ) -> None:
        self.waiting = 0
        self._most = most
        self._max_lag_s = max_lag_s
        self._lags: deque[float] = deque([0.0] * LOOKS, maxlen=LOOKS)
        self.standing_lag_s = 0.0  # the least lag of the last looks
        self._counts = counts or EdgeCounts()

    def excess(self) -> str | None:
        """Which signal says that one more is too many, counted; None when there is room."""
        signal = None
        if self.waiting >= self._most:
            signal = "requests"
        elif self.standing_lag_s > self._max_lag_s:
            signal = "lag"
        if signal is not None:
            self._counts.shed(signal)
        return signal

    def looked(self, lag_s: float) -> None:
        """One look: the loop was this late."""
        self._lags.append(max(0.0, lag_s))
        self.standing_lag_s = min(self._lags)
        self._counts.lag.set(self.standing_lag_s)

    async def watch(self) -> None:
        """Looks for ever."""
        while True:
            due = time.monotonic() + LOOK_S
            await asyncio.sleep(LOOK_S)
            self.looked(time.monotonic() - due)
