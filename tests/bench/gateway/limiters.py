"""What a decision of the shared limiter costs, against the usual way: one EVALSHA of a GCRA script for each request.

Both on one real redis-server, 96 requests at a time (redis-py's pool has 100) over 500 callers, turn about in every
round. CPU microseconds of the asking process and of redis-server together. That it is exact is tried in the same run.
"""

import asyncio
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from itertools import count

import uvloop
from cpu import microseconds
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from redis.exceptions import RedisError

from cli.house import HOST, free_port
from gateway.edge.bucket import Charge, Policy
from gateway.edge.redis_buckets import RedisBuckets, RedisSettings, open_redis
from gateway.edge.shared_limiter import LimiterMetrics, SharedLimiter

CALLERS, AT_ONCE, REQUESTS = 500, 96, 19_200  # requests of one variant in one round
PATIENCE_S = 10.0  # a busy machine must not turn this into a measurement of the local limiter
PLENTY = Policy("bench", quota=100_000_000, window_s=60)
QUOTA = 1000  # for the trial of exactness
EACH, BATCHED, TWO = "one EVALSHA a request", "shared limiter", "shared limiter, two limits a request"

# The textbook's: one key, the server's clock, one decision.
GCRA = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, quota = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
if full_at + interval - now > quota * interval then return 0 end
full_at = full_at + interval
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000) + 1)
return 1
"""

Decide = Callable[[int], Awaitable[bool]]


@dataclass(frozen=True)
class Cost:
    """CPU microseconds a request: of the asking process, and of redis-server."""

    here: float
    there: float

    @property
    def both(self) -> float:
        """Together."""
        return self.here + self.there


def limiters(rounds: int) -> str:
    """Measures; the table."""
    with _redis() as (port, pid):
        return uvloop.run(_compare(port, pid, rounds))


async def _compare(port: int, pid: int, rounds: int) -> str:
    async with _variants(port) as (variants, exact):
        done: list[dict[str, Cost]] = []
        for number in range(rounds + 1):
            one = {name: await _measured(decide, pid) for name, decide in variants.items()}
            if number:
                done.append(one)
        found = await exact()
        if found["degraded"] or found["granted"] != QUOTA:
            raise SystemExit(f"limiters: not exact, or without Redis: {found}")
        return _shown(done, found)


@asynccontextmanager
async def _variants(port: int) -> AsyncIterator[tuple[dict[str, Decide], Callable[[], Awaitable[dict[str, int]]]]]:
    client, other = _client(port), _client(port)
    plain = Redis(host=HOST, port=port, protocol=2, driver_info=None)
    script = plain.register_script(GCRA)
    await plain.script_load(GCRA)
    one, two = _limiter(client), _limiter(other)
    arguments = (PLENTY.interval_s * 1e6, PLENTY.quota)
    keys = [b"%016d" % caller for caller in range(CALLERS)]
    persons = [Charge(PLENTY, key) for key in keys]
    addresses = [Charge(PLENTY, b"address%09d" % (caller % 50)) for caller in range(CALLERS)]

    async def each(caller: int) -> bool:
        return bool(await plain.evalsha(script.sha, 1, keys[caller], *arguments))

    async def batched(caller: int) -> bool:
        return (await one.take([persons[caller]]))[0].allowed

    async def both(caller: int) -> bool:
        return all(grant.allowed for grant in await one.take([persons[caller], addresses[caller]]))

    async def exact() -> dict[str, int]:
        charges = [Charge(Policy("exact", QUOTA, 36_000), keys[0])]
        asked = [limiter.take(charges) for _ in range(2 * QUOTA) for limiter in (one, two)]
        granted = sum(grants[0].allowed for grants in await asyncio.gather(*asked))
        return {"granted": granted, "degraded": one.degraded + two.degraded}

    try:
        yield {EACH: each, BATCHED: batched, TWO: both}, exact
    finally:
        await asyncio.gather(one.close(), two.close(), client.aclose(), other.aclose())
        await plain.aclose()


def _client(port: int) -> Redis:
    return open_redis(RedisSettings(url=f"redis://{HOST}:{port}", replicas=2, patience_ms=1000))


def _limiter(client: Redis) -> SharedLimiter:
    metrics = LimiterMetrics.of(CollectorRegistry())
    return SharedLimiter(RedisBuckets(client), replicas=2, patience_s=PATIENCE_S, metrics=metrics)


async def _measured(decide: Decide, pid: int) -> Cost:
    numbers = count()

    async def worker() -> None:
        while (number := next(numbers)) < REQUESTS:
            if not await decide(number * 7919 % CALLERS):
                raise SystemExit("limiters: a request was refused that had a quota")

    here, there = time.process_time(), microseconds(pid)
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return Cost((time.process_time() - here) * 1e6 / REQUESTS, (microseconds(pid) - there) / REQUESTS)


def _shown(rounds: list[dict[str, Cost]], exact: dict[str, int]) -> str:
    head = f"{f'CPU a decision, {len(rounds)} rounds':<48}{'asking':>9}{'redis':>9}{'both':>9}{'cheaper':>10}"
    lines = [
        f"{name:<48}{_median(rounds, name, 'here'):>9.2f}{_median(rounds, name, 'there'):>9.2f}"
        f"{_median(rounds, name, 'both'):>9.2f}{ratio(rounds, name):>9.1f}x"
        for name in rounds[0]
    ]
    said = f"exact: {exact['granted']} of {4 * QUOTA} at once over two limiters were granted, of a quota of {QUOTA}"
    return "\n".join([head, *lines, said])


def ratio(rounds: list[dict[str, Cost]], name: str) -> float:
    """How many times cheaper than EACH, within a round, median of the rounds."""
    return statistics.median(one[EACH].both / one[name].both for one in rounds)


def _median(rounds: list[dict[str, Cost]], name: str, what: str) -> float:
    return statistics.median(getattr(one[name], what) for one in rounds)


@contextmanager
def _redis() -> Iterator[tuple[int, int]]:
    """A server of our own; its port and process id."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="mail-organiser-bench-") as folder:
        command = ["redis-server", "--bind", HOST, "--port", str(port), "--save", "", "--dir", folder]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            try:
                uvloop.run(_until_there(port))
                yield port, process.pid
            finally:
                process.terminate()


async def _until_there(port: int) -> None:
    async with asyncio.timeout(20), Redis(host=HOST, port=port, protocol=2, driver_info=None) as client:
        while True:
            with suppress(RedisError):
                await client.ping()
                return
            await asyncio.sleep(0.05)
