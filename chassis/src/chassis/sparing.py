"""Log lines that strangers can cause at will: so many a minute, and then how many were not written.

Guarantees: at most MOST lines of one kind in any minute, so that a flood fills no disk; the first line of a later
minute says as `untold` how many there were in between. Safe in threads. What must be exact is counted as a metric.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from structlog.typing import FilteringBoundLogger

MOST: Final = 10
MINUTE_S: Final = 60.0


class Sparing:
    """Lines of one event."""

    def __init__(self, log: FilteringBoundLogger, event: str, *, now: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._event = event
        self._now = now
        self._lock = threading.Lock()
        self._since, self._told, self._untold = now(), 0, 0

    def say(self, **keys: object) -> None:
        """Write the line with these keys, or count it."""
        untold = self._take()
        if untold is not None:
            self._log.warning(self._event, untold=untold, **keys)

    def _take(self) -> int | None:
        """How many were not written before this one; None when this one isn't either."""
        with self._lock:
            now = self._now()
            if now - self._since >= MINUTE_S:
                self._since, self._told = now, 0
            if self._told >= MOST:
                self._untold += 1
                return None
            self._told += 1
            untold, self._untold = self._untold, 0
            return untold
