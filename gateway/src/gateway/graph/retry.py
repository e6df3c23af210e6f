"""How long to wait, and when to stop waiting.

Guarantees: never sooner than Retry-After, which may be a decimal or a date; jitter on top; attempts and total waiting
are bounded, then the caller gets the error.
"""

import re
from email.utils import parsedate_to_datetime
from typing import Final

from gateway.graph.clock import Clock
from gateway.graph.errors import GraphError

MAX_ATTEMPTS: Final = 5
MAX_WAIT: Final = 120.0  # seconds of waiting in one call; longer pauses belong to the caller's schedule
FIRST_DELAY: Final = 0.5  # seconds, doubled each time, when Graph names none
JITTER: Final = 0.25  # of the delay, on top: mailboxes throttled together must not come back together
PASSING: Final = frozenset({408, 429, 500, 502, 503, 504, 509})  # statuses after which a read may be tried again
_SECONDS: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


def retry_after(header: str | None, now: float) -> float | None:
    """Seconds from a Retry-After: "120", "0.249" (docs #3877) or an HTTP date; None for absent or nonsense."""
    if header is None:
        return None
    if _SECONDS.fullmatch(header.strip()):
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except (ValueError, OverflowError, OSError):
        return None


class Patience:
    """What one call may still wait."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._attempt = 1
        self._waited = 0.0

    async def wait(self, after: float | None, error: GraphError) -> None:
        """Waits before the next attempt, or raises error when this one was the last."""
        delay = self._delay(after)
        if self._attempt >= MAX_ATTEMPTS or self._waited + delay > MAX_WAIT:
            raise error
        self._attempt += 1
        self._waited += delay
        await self._clock.sleep(delay)

    def _delay(self, after: float | None) -> float:
        base = FIRST_DELAY * 2 ** (self._attempt - 1) if after is None else after
        return base * (1 + JITTER * self._clock.chance())
