"""The store's unit of time: whole milliseconds since the Unix epoch, UTC."""

import time

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def now() -> int:
    """The present moment in unix milliseconds."""
    return time.time_ns() // 1_000_000
