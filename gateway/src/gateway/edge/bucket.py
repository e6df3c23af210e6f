"""A token bucket for many keys, in bounded memory (GCRA: one number a key).

Guarantees: never more than `quota` takes in a burst and `quota` more per window; no more than `capacity` keys are
remembered, and when that many are active at once all newcomers share one bucket - a flood of addresses meets less,
never more. Pure: the caller brings the time. Not shared between processes: gateway.edge.shared_limiter does that.
"""

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from math import ceil, inf
from typing import Final, NamedTuple

import msgspec

CAPACITY: Final = 20_000  # keys; about 4 MB
PREFIX: Final = b"mail-organiser:{rate}:"  # in Redis; a cluster keeps what has the same word in braces together
_OVERFLOW: Final = b"overflow"
_ROUNDING: Final = 1e-9  # of a request: a bucket that is full again but for a float's last digit is full


@dataclass(frozen=True)
class Policy:
    """`quota` requests per `window_s` seconds, under a name that clients see."""

    name: str
    quota: int
    window_s: int

    @cached_property
    def interval_s(self) -> float:
        """Seconds until one more request is granted."""
        return self.window_s / self.quota

    @cached_property
    def place(self) -> bytes:
        """What the keys of its buckets begin with where they are shared."""
        return PREFIX + self.name.encode() + b":"

    @cached_property
    def header(self) -> bytes:
        """As RateLimit-Policy names it."""
        return f'"{self.name}";q={self.quota};w={self.window_s}'.encode()

    def share(self, parts: int) -> "Policy":
        """One of `parts` equal parts of it: fewer requests or, where one is the least, a longer window."""
        if self.quota >= parts:
            return Policy(self.name, self.quota // parts, self.window_s)
        return Policy(self.name, 1, ceil(self.window_s * parts / self.quota))


class Grant(msgspec.Struct, frozen=True, gc=False):
    """What a take came to. reset_s: whole seconds until one more is available (0: now)."""

    allowed: bool
    remaining: int
    reset_s: int


class Charge(NamedTuple):
    """One request on one caller's bucket of one policy. key: 16 or more bytes that only we can tell a caller from."""

    policy: Policy
    key: bytes


def grant(policy: Policy, spent: float, *, taken: bool) -> Grant:
    """Where a caller stands. spent: requests not yet regained, this one included if it was taken."""
    free = int(policy.quota - spent + _ROUNDING)
    if free >= 1:
        return Grant(True, free, 0)
    if taken:
        return Grant(allowed=True, remaining=0, reset_s=ceil(policy.interval_s))
    return Grant(allowed=False, remaining=0, reset_s=max(1, ceil((spent - policy.quota + 1) * policy.interval_s)))


class Buckets:
    """One policy's buckets."""

    def __init__(self, policy: Policy, capacity: int = CAPACITY) -> None:
        self.policy: Final = policy
        self._interval_s = policy.interval_s
        # Until it is full again, at most, when one request is left.
        self.most_s: Final = (policy.quota - 1 + _ROUNDING) * policy.interval_s
        self._capacity = capacity
        self._look_at = inf  # when it is next worth looking for buckets that are full again
        self._full_at: OrderedDict[bytes, float] = OrderedDict()  # key -> when its bucket is full again

    def __len__(self) -> int:
        return len(self._full_at)

    def full_at(self, key: bytes, now: float) -> float:
        """When the bucket of `key` is full again; `now` if it is. `now`: seconds of a clock that never goes back."""
        if now >= self._look_at:
            self._forget_full(now)
        found = self._full_at.get(key)
        if found is None:
            if len(self._full_at) < self._capacity:
                return now
            found = self._full_at.get(_OVERFLOW, now)
        return found if found > now else now  # noqa: FURB136  # max() costs as much as the rest of it

    def spent(self, key: bytes, now: float) -> float:
        """Requests that `key` has spent and not yet regained."""
        return (self.full_at(key, now) - now) / self._interval_s

    def grant(self, full_at: float, now: float) -> Grant:
        """Where the caller of such a bucket stands, without taking."""
        return grant(self.policy, (full_at - now) / self._interval_s, taken=False)

    def take(self, key: bytes, now: float) -> Grant:
        """Take one request for `key`, if there is one."""
        full_at = self.full_at(key, now)
        return self.charge(key, full_at, now) if full_at - now <= self.most_s else self.grant(full_at, now)

    def charge(self, key: bytes, full_at: float, now: float) -> Grant:
        """Take one request, which must be left (most_s)."""
        slot = key if key in self._full_at or len(self._full_at) < self._capacity else _OVERFLOW
        self._full_at[slot] = later = full_at + self._interval_s
        self._full_at.move_to_end(slot)
        self._look_at = min(self._look_at, later)
        return grant(self.policy, (later - now) / self._interval_s, taken=True)

    def forget(self, key: bytes) -> None:
        """As if `key` had never called."""
        self._full_at.pop(key, None)

    def _forget_full(self, now: float) -> None:
        # Ordered by last take, so whoever stands first was silent longest; two a look keeps up with any flood.
        for _ in range(2):
            first = next(iter(self._full_at), None)
            self._look_at = inf if first is None else self._full_at[first]
            if first is None or self._look_at > now:
                return
            del self._full_at[first]
