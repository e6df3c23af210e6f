"""Graph's limits for one app on one mailbox: 4 requests at a time, 10,000 in 10 minutes.

Guarantees that a slot taken is given back, and that refused requests count as well: who goes on calling while throttled
stays throttled.
"""

import collections
import contextlib
from collections.abc import Callable, Iterator

from sandbox.graph import error

CONCURRENCY = 4  # Microsoft Graph throttling limits, Outlook service, per app id and mailbox
CONCURRENCY_RETRY_SECONDS = "0.249"  # as seen from Graph (docs issue 3877): a decimal, which RFC 9110 does not know


class MailboxLimit:
    """The limits of one mailbox. `clock` returns seconds that only grow."""

    def __init__(self, budget: int, window_seconds: float, clock: Callable[[], float]) -> None:
        self._budget = budget
        self._window = window_seconds
        self._clock = clock
        self._asked: collections.deque[float] = collections.deque(maxlen=budget + 1)
        self.running = 0

    @contextlib.contextmanager
    def slot(self) -> Iterator[None]:
        """Hold one of the slots; GraphError 429 when there is none or the window's budget is used up."""
        self._count()
        if self.running >= CONCURRENCY:
            raise error.throttled("MailboxConcurrency", CONCURRENCY_RETRY_SECONDS)
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1

    def _count(self) -> None:
        now = self._clock()
        while self._asked and self._asked[0] <= now - self._window:
            self._asked.popleft()
        self._asked.append(now)
        if len(self._asked) > self._budget:
            wait = self._asked[0] + self._window - now
            raise error.throttled("MailboxRequests", f"{wait:.3f}")
