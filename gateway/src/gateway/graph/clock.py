"""Time and chance, as arguments: tests pass a clock of their own and never wait."""

import asyncio
import secrets
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds throughout."""

    def monotonic(self) -> float:
        """For intervals."""

    def wall(self) -> float:
        """Unix time, for HTTP dates."""

    def chance(self) -> float:
        """Uniform in 0 to 1, for jitter."""

    async def sleep(self, seconds: float) -> None:
        """Lets others run for this long."""


class SystemClock:
    """The machine's own."""

    def monotonic(self) -> float:
        """time.monotonic."""
        return time.monotonic()

    def wall(self) -> float:
        """time.time."""
        return time.time()

    def chance(self) -> float:
        """From the system's randomness."""
        return secrets.SystemRandom().random()

    async def sleep(self, seconds: float) -> None:
        """asyncio.sleep."""
        await asyncio.sleep(seconds)
