"""Leaves an endpoint alone that fails: after FAILURES in a row it is not asked for REST seconds, then once. Pure.

Times are monotonic seconds and come in. A success closes it.
"""

from dataclasses import dataclass
from typing import Final

FAILURES: Final = 5
REST: Final = 30.0


@dataclass(slots=True)
class Breaker:
    """One for a process: what one person's scan learned of an endpoint spares the others."""

    _failures: int = 0
    _until: float = 0.0

    def admits(self, now: float) -> bool:
        """Whether to ask. After a rest one is let through, and the next only once it succeeded or the rest is over."""
        if self._failures < FAILURES:
            return True
        if now < self._until:
            return False
        self._until = now + REST
        return True

    def rests(self, now: float) -> bool:
        """Whether it is being left alone."""
        return self._failures >= FAILURES and now < self._until

    def succeeded(self) -> None:
        """It answered."""
        self._failures = 0

    def failed(self, now: float) -> None:
        """It did not. What was under way when it opened does not prolong the rest."""
        self._failures += 1
        if self._failures == FAILURES:
            self._until = now + REST
