"""Refusals that strangers can cause at will: counted in memory, written once a minute, so that a flood fills no disk.

Guarantees: noting costs no I/O; what is alike (kind, reason, who, from which network) is one event with its number as
the amount; there are at most MOST of them a minute, and what comes beyond is counted by kind and reason alone. A crash
loses at most the minute that was being counted.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gateway.audit import origin
from gateway.audit.event import Event
from gateway.audit.origin import Origin

MOST: Final = 256  # different events in one minute; beyond that the networks and persons are not told apart
_NOWHERE: Final = Origin("edge")


class Tally:
    """One per process. `told` is called with each event when it is noted."""

    def __init__(self, told: Callable[[Event], object] = lambda _: None) -> None:
        self._told = told
        self._counts: dict[tuple[Event, bytes | None], tuple[Origin, int]] = {}
        self._lock = threading.Lock()

    def note(self, event: Event) -> None:
        """Count it; it is written within a minute."""
        came = origin.current()
        self._told(event)
        with self._lock:
            self._add(event, came)

    def take(self) -> list[tuple[Event, Origin]]:
        """What was counted since the last time, each with its number as amount; the counting starts anew."""
        with self._lock:
            taken, self._counts = self._counts, {}
        return [(replace(event, amount=amount), came) for (event, _), (came, amount) in taken.items()]

    def give_back(self, taken: list[tuple[Event, Origin]]) -> None:
        """What could not be written is counted on."""
        with self._lock:
            for event, came in taken:
                self._add(event, came)

    def _add(self, event: Event, came: Origin) -> None:
        key = (replace(event, amount=1), came.network)
        if key not in self._counts and len(self._counts) >= MOST:
            key, came = (Event(event.kind, event.outcome, reason=event.reason), None), _NOWHERE
        first, before = self._counts.get(key, (came, 0))
        self._counts[key] = (first, before + event.amount)
