"""One clock for a connection, set anew several times a request and hardly ever ringing.

Guarantees: it rings when what it was last set to is over, never earlier and never without being set. The loop has at
most one timer of it, which is neither cancelled nor made again by setting it: it looks at least every `shortest_s`.
"""

import asyncio
from collections.abc import Callable


class Alarm:
    """shortest_s: no setting is shorter, in seconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop, shortest_s: float) -> None:
        self._loop = loop
        self._shortest_s = shortest_s
        self._due: float | None = None
        self._ring: Callable[[], object] = _silent
        self._looking: asyncio.TimerHandle | None = None

    @property
    def is_set(self) -> bool:
        """Whether it will ring unless it is set anew or stopped."""
        return self._due is not None

    def set(self, seconds: float, ring: Callable[[], object]) -> None:
        """Ring in so many seconds, instead of whatever it was set to."""
        self._ring = ring
        self._due = self._loop.time() + seconds
        if self._looking is None:
            self._looking = self._loop.call_later(self._shortest_s, self._look)

    def stop(self) -> None:
        """Don't ring."""
        self._due = None

    def end(self) -> None:
        """Don't ring, and hold nothing."""
        self.stop()
        self._ring = _silent
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _look(self) -> None:
        self._looking = None
        if self._due is None:
            return
        left = self._due - self._loop.time()
        if left <= 0:
            self._due = None
            self._ring()
        else:
            self._looking = self._loop.call_later(min(left, self._shortest_s), self._look)


def _silent() -> None:
    pass
