"""How long a scan or a run still takes, from how fast it was and what Microsoft allows a mailbox. Pure."""

import math
from typing import Final

from gateway.graph.gate import PER_WINDOW, WINDOW

REQUESTS: Final = 2  # a message that is moved: asked where it is, and moved
MICROSECONDS: Final = 1_000_000  # in a second


def of_scan(left: int, pace_us: int | None) -> int | None:
    """Seconds for the messages that are left; None until one page was measured. pace_us: microseconds a message."""
    return None if pace_us is None else math.ceil(max(0, left) * pace_us / MICROSECONDS)


def of_moves(left: int, ended: int, pace_us: int | None) -> int | None:
    """Seconds for the moves that are left; None until one chain was measured. ended: those of this run so far.

    Whichever is longer: as fast as of late, or as fast as the limit lets so many requests through. What is free of the
    limit now is what this run hasn't spent within its window.
    """
    if pace_us is None:
        return None
    measured = left * pace_us / MICROSECONDS
    of_late = ended if pace_us == 0 else min(ended, WINDOW * MICROSECONDS / pace_us)
    free = max(0.0, PER_WINDOW - REQUESTS * of_late)
    allowed = (REQUESTS * left - free) * WINDOW / PER_WINDOW
    return math.ceil(max(measured, allowed, 0.0))
