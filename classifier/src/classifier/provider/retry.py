"""Whether a request that was turned away is worth one more, and when. Pure."""

import math
from typing import Final

ATTEMPTS: Final = 2
LEAST: Final = 0.3  # seconds that the second attempt must have left
_PAUSE: Final = 0.2  # seconds, when the endpoint names none; doubled by jitter at most


def pause(*, retry_after: float | None, jitter: float, left: float) -> float | None:
    """Seconds to wait, or None when a second attempt doesn't fit. jitter: 0 to 1: callers shall not return as one."""
    asked = _PAUSE if retry_after is None else retry_after
    wait = asked + jitter * max(_PAUSE, asked * 0.1)
    return wait if wait + LEAST <= left else None


def seconds(header: str | None) -> float | None:
    """Retry-After in seconds; a date, nonsense or a negative number is none."""
    try:
        found = float(header or "")
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None
