"""Decides whether a request may pass, over all limits that it meets at once.

Guarantees: a request passes when every one of its buckets has one left, and only then is any of them charged - so
whoever is refused by one limit doesn't use up another. Here in one process; gateway.edge.shared_limiter has the same
answer for several.
"""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from gateway.edge.bucket import Buckets, Charge, Grant, Policy


class Limiter(Protocol):
    """What the layers need."""

    async def take(self, charges: Sequence[Charge]) -> list[Grant]:
        """One Grant a charge, in order. All of them allowed: the request may pass, and was counted."""
        ...


class LocalLimiter:
    """The limiter of one process. Its clock is monotonic: nobody can set it back."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._buckets: dict[str, Buckets] = {}  # by the name of their policy

    async def take(self, charges: Sequence[Charge]) -> list[Grant]:
        """See Limiter."""
        return self.take_now(charges)

    def take_now(self, charges: Sequence[Charge]) -> list[Grant]:
        """See Limiter; nothing has to be waited for."""
        now = self._monotonic()
        met = []
        passes = True
        for policy, key in charges:
            buckets = self.of(policy)
            full_at = buckets.full_at(key, now)
            passes = passes and full_at - now <= buckets.most_s
            met.append((buckets, key, full_at))
        if passes:
            return [buckets.charge(key, full_at, now) for buckets, key, full_at in met]
        return [buckets.grant(full_at, now) for buckets, _, full_at in met]

    @property
    def remembers(self) -> bool:
        """Whether any bucket is not known to be full."""
        return any(map(len, self._buckets.values()))

    def of(self, policy: Policy) -> Buckets:
        """The policy's buckets."""
        found = self._buckets.get(policy.name)
        if found is None:
            found = self._buckets[policy.name] = Buckets(policy)
        return found
