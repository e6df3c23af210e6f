"""The limiter of several replicas: exact in Redis, and a local share of every limit while Redis is gone.

Guarantees: the requests of all replicas are counted as one while Redis answers; nobody waits longer than `patience_s`
for it. When it doesn't answer, this replica grants its part of every limit by itself (of the limits on authentication
half of that part), so that all replicas together never grant more than the limit again, and none is ever unlimited.
One probe at a time, at random moments, finds out when Redis is back; what was granted meanwhile is then charged there.
An outage is a metric (gateway_limiter_degraded), one line in the log, and no error for anybody.
"""

import asyncio
import random
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from chassis import logs
from gateway.batches import Batches, Sizes
from gateway.edge.bucket import Charge, Grant, Policy
from gateway.edge.limiter import LocalLimiter
from gateway.edge.limits import AUTHENTICATION
from gateway.edge.redis_buckets import RedisBuckets, RedisError

SIZES: Final = Sizes(lanes=1, most=512, waiting=100_000)
FIRST_PAUSE_S: Final = 0.25  # before the first probe; doubled with each, up to the next
LONGEST_PAUSE_S: Final = 5.0
GONE: Final = (RedisError, OSError, TimeoutError, ValueError, struct.error)  # silent, refusing, or not ours to read
_PROBE: Final = Charge(Policy("probe", 1, 1), b"probe")

_log = logs.get("gateway.limits")


@dataclass(frozen=True, slots=True)
class LimiterMetrics:
    """What an alert looks at."""

    degraded: Gauge
    alone: Counter

    @classmethod
    def of(cls, registry: CollectorRegistry) -> "LimiterMetrics":
        """New ones, in this registry."""
        return cls(
            Gauge("gateway_limiter_degraded", "1 while Redis is gone and limits are local shares", registry=registry),
            Counter("gateway_limiter_local_decisions", "Requests decided while Redis was gone", registry=registry),
        )


class SharedLimiter:
    """One per process. patience_s: for a decision, the wait for the trip before it included."""

    def __init__(  # noqa: PLR0913  # by keyword; clock and pause are the tests'
        self,
        buckets: RedisBuckets,
        *,
        replicas: int,
        patience_s: float,
        metrics: LimiterMetrics,
        monotonic: Callable[[], float] = time.monotonic,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self._buckets = buckets
        self._replicas = replicas
        self._trip_s = patience_s / 2  # a request waits for two trips at most: the one under way, and its own
        self._metrics = metrics
        self._monotonic = monotonic
        self._first_pause_s = first_pause_s
        self._alone = LocalLimiter(monotonic)
        self._batches: Batches[Sequence[Charge], list[Grant]] = Batches(self._decide, SIZES)
        self._probing: asyncio.Task[None] | None = None

    @property
    def degraded(self) -> bool:
        """Whether Redis is gone."""
        return self._probing is not None

    async def take(self, charges: Sequence[Charge]) -> list[Grant]:
        """See gateway.edge.limiter.Limiter."""
        if self._probing is not None:
            return self._locally(charges)
        return await self._batches.ask(charges)

    async def close(self) -> None:
        """No probe and no connection outlives its limiter."""
        if self._probing is not None:
            self._probing.cancel()
        await self._buckets.close()

    async def _decide(self, requests: Sequence[Sequence[Charge]]) -> Sequence[list[Grant]]:
        if self.degraded:  # since they asked
            return [self._locally(charges) for charges in requests]
        owed = self._owed(requests)
        try:
            async with asyncio.timeout(self._trip_s):
                granted = await self._buckets.take(requests, owed)
        except GONE as error:
            self._lost(error)
            return [self._locally(charges) for charges in requests]
        for charge in owed:
            self._alone.of(self._share(charge.policy)).forget(charge.key)
        return granted

    def _locally(self, charges: Sequence[Charge]) -> list[Grant]:
        self._metrics.alone.inc()
        return self._alone.take_now([Charge(self._share(policy), key) for policy, key in charges])

    def _share(self, policy: Policy) -> Policy:
        return policy.share(self._replicas * (2 if policy.name in AUTHENTICATION else 1))

    def _owed(self, requests: Sequence[Sequence[Charge]]) -> dict[Charge, int]:
        """What these callers got during the last outage and haven't regained yet."""
        if not self._alone.remembers:
            return {}
        now = self._monotonic()
        spent = {
            charge: ceil(self._alone.of(self._share(charge.policy)).spent(charge.key, now))
            for charges in requests
            for charge in charges
        }
        return {charge: count for charge, count in spent.items() if count}

    def _lost(self, error: BaseException) -> None:
        if self._probing is None:
            self._metrics.degraded.set(1)
            _log.error("limiter.degraded", error_type=type(error))
            self._probing = asyncio.get_running_loop().create_task(self._probe())

    async def _probe(self) -> None:
        pause = self._first_pause_s
        while True:
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  # so that replicas don't come all at once
            if await self._reached():
                break
            pause = min(2 * pause, LONGEST_PAUSE_S)
        self._probing = None
        self._metrics.degraded.set(0)
        _log.info("limiter.recovered")

    async def _reached(self) -> bool:
        # A take, not a ping: a replica that can't be written to, or one without memory, answers pings.
        try:
            async with asyncio.timeout(self._trip_s):
                await self._buckets.take([(_PROBE,)], {})
        except GONE:
            return False
        return True
