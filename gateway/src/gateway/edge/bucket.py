"""A token bucket for many keys, in bounded memory (GCRA: one number a key).

Guarantees: never more than `quota` takes in a burst and `quota` more per window; no more than `capacity` keys are
remembered, and when that many are active at once all newcomers share one bucket - a flood of addresses meets less,
never more. Pure: the caller brings the time. Not shared between processes: with N replicas each gets its share.
"""

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil
from typing import Final

CAPACITY: Final = 20_000  # keys; about 4 MB
_OVERFLOW: Final = b"overflow"


@dataclass(frozen=True)
class Policy:
    """`quota` requests per `window_s` seconds, under a name that clients see."""

    name: str
    quota: int
    window_s: int

    @property
    def interval_s(self) -> float:
        """Seconds until one more request is granted."""
        return self.window_s / self.quota


@dataclass(frozen=True)
class Grant:
    """What a take came to. reset_s: whole seconds until one more is available (0: now)."""

    allowed: bool
    remaining: int
    reset_s: int


class Buckets:
    """One policy's buckets."""

    def __init__(self, policy: Policy, capacity: int = CAPACITY) -> None:
        self.policy: Final = policy
        self._capacity = capacity
        self._full_at: OrderedDict[bytes, float] = OrderedDict()  # key -> when its bucket is full again

    def __len__(self) -> int:
        return len(self._full_at)

    def peek(self, key: bytes, now: float) -> Grant:
        """What a take would come to, without taking."""
        return self._grant(self._full_at.get(self._slot(key, now), now), now, cost=0)

    def take(self, key: bytes, now: float) -> Grant:
        """Take one request for `key`. `now` in seconds of any clock that never goes back."""
        slot = self._slot(key, now)
        full_at = self._full_at.get(slot, now)
        grant = self._grant(full_at, now, cost=1)
        if grant.allowed:
            self._full_at[slot] = max(full_at, now) + self.policy.interval_s
            self._full_at.move_to_end(slot)
        return grant

    def _grant(self, full_at: float, now: float, *, cost: int) -> Grant:
        missing = max(0.0, full_at - now) / self.policy.interval_s  # requests already spent and not yet regained
        free = int(self.policy.quota - missing + 1e-9)
        if free < 1:
            return Grant(allowed=False, remaining=0, reset_s=self._seconds_to_one(missing))
        remaining = free - cost
        return Grant(allowed=True, remaining=remaining, reset_s=0 if remaining else ceil(self.policy.interval_s))

    def _seconds_to_one(self, missing: float) -> int:
        return max(1, ceil((missing - self.policy.quota + 1) * self.policy.interval_s))

    def _slot(self, key: bytes, now: float) -> bytes:
        self._forget_full(now)
        return key if key in self._full_at or len(self._full_at) < self._capacity else _OVERFLOW

    def _forget_full(self, now: float) -> None:
        # Ordered by last take, so whoever stands first was silent longest; two a call keeps up with any flood.
        for _ in range(2):
            first = next(iter(self._full_at), None)
            if first is None or self._full_at[first] > now:
                return
            del self._full_at[first]
