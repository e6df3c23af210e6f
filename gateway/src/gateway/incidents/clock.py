"""The 72 hours of Art 33(1): they run from awareness until the ICO is told, or until it is decided not to."""

from typing import Final

from gateway.store.clock import HOUR

DUE: Final = 72 * HOUR  # ms


def due(aware_since: int) -> int:
    """The last moment, unix ms."""
    return aware_since + DUE


def hours(aware_since: int, now: int) -> float:
    """Since awareness; never negative."""
    return max(0, now - aware_since) / HOUR


def is_late(aware_since: int, told_at: int) -> bool:
    """Whether they were told after the last moment."""
    return told_at > due(aware_since)
