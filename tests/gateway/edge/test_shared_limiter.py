"""Limits of several replicas, on a real Redis that is frozen, killed, slowed down and brought back."""

import asyncio
import re
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from pydantic import ValidationError
from redis_server import RedisServer, between, redis_server

from chassis.authority import LocalAuthority
from chassis.errors import StartRefused
from chassis.settings import SecretFile
from chassis.tls import TlsFiles
from gateway.edge.bucket import PREFIX, Charge, Policy
from gateway.edge.limiter import LocalLimiter
from gateway.edge.limits import Limits
from gateway.edge.redis_buckets import RedisBuckets, RedisSettings, open_redis
from gateway.edge.shared_limiter import LimiterMetrics, SharedLimiter

HOUR = Policy("hour", quota=8, window_s=3600)  # nothing worth mentioning is regained during a test
LONG = 5.0  # seconds for a trip where a busy machine must not make a difference
PASSWORD = "made-up"


class Replica:
    """A gateway's limiter, with metrics of its own."""

    def __init__(self, settings: RedisSettings, patience_s: float, **options: Any) -> None:
        self.registry = CollectorRegistry()
        self.client = open_redis(settings)
        self.buckets = RedisBuckets(self.client)
        self.limiter = SharedLimiter(
            self.buckets,
            replicas=settings.replicas,
            patience_s=patience_s,
            metrics=LimiterMetrics.of(self.registry),
            **options,
        )

    async def allowed(self, *charges: Charge) -> bool:
        return all(grant.allowed for grant in await self.limiter.take(charges))

    def metric(self, name: str) -> float | None:
        return self.registry.get_sample_value(f"gateway_limiter_{name}")

    async def until_recovered(self) -> None:
        async with asyncio.timeout(20):
            while self.limiter.degraded:  # noqa: ASYNC110  # as an onlooker sees it
                await asyncio.sleep(0.01)


@asynccontextmanager
async def replica(port: int, patience_s: float = LONG, replicas: int = 2, **options: Any) -> AsyncIterator[Replica]:
    settings = RedisSettings(url=f"redis://127.0.0.1:{port}", replicas=replicas, patience_ms=1000)
    made = Replica(settings, patience_s, **options)
    try:
        yield made
    finally:
        await made.limiter.close()
        await made.client.aclose()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One for the tests that leave it running."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """One for a test that is going to do something to it."""
    with redis_server(tmp_path) as running:
        yield running


def key(name: str) -> bytes:
    return name.encode().ljust(16, b".")


async def test_fifty_parallel_requests_at_one_below_the_quota_pass_once(
    make_edge: Callable[..., Any], lasting: RedisServer
) -> None:
    """Over two replicas, through the whole edge: the one that was left is granted once, and the rest are told so."""
    quota = Policy("person", quota=10, window_s=3600)
    async with replica(lasting.port) as one, replica(lasting.port) as other:
        limits, secret = Limits(person=quota), bytes(32)
        edges = [make_edge(limits=limits, limiter=each.limiter, limit_secret=secret) for each in (one, other)]
        first = [await edges[number % 2].get("/api/v1/things/1") for number in range(9)]
        rest = await asyncio.gather(*(edges[number % 2].get("/api/v1/things/1") for number in range(50)))
        assert {answer.status_code for answer in first} == {200}
        assert sorted(answer.status_code for answer in rest) == [200] + [429] * 49
        assert one.metric("degraded") == other.metric("degraded") == 0


async def test_a_burst_on_many_keys_is_granted_to_the_last_request(lasting: RedisServer) -> None:
    """One trip may hold more requests of a key than fit: as many pass as fit, not all and not none."""
    async with replica(lasting.port) as one, replica(lasting.port) as other:
        charges = [Charge(HOUR, key(f"many-{number}")) for number in range(20)]
        takes = [each.allowed(charge) for _ in range(7) for charge in charges for each in (one, other)]
        assert sum(await asyncio.gather(*takes)) == 20 * HOUR.quota


@pytest.fixture(scope="module")
def fresh() -> Iterator[int]:
    """Numbers that no example had before."""
    return iter(range(10_000_000))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_redis_decides_as_the_process_does(lasting: RedisServer, fresh: Iterator[int], data: st.DataObject) -> None:
    """Any requests over any policies, some at once: the same answers, in the same order, as from one process."""
    run = next(fresh)
    policies = [Policy(f"p{number}", quota=number + 1, window_s=36_000) for number in range(3)]
    charge = st.builds(lambda p, k: Charge(policies[p], key(f"{run}-{k}")), st.integers(0, 2), st.integers(0, 2))
    request = st.lists(charge, min_size=1, max_size=3, unique=True).map(tuple)
    drawn = data.draw(st.lists(st.lists(request, min_size=1, max_size=6), max_size=5))
    trips = [
        sorted(trip, key=trip.index) for trip in drawn
    ]  # like requests of one trip are decided one after the other

    async def shared() -> list[list[bool]]:
        async with replica(lasting.port) as one:
            buckets = one.buckets
            return [
                [all(grant.allowed for grant in grants) for grants in await buckets.take(trip, {})] for trip in trips
            ]

    local = LocalLimiter(lambda: 0.0)
    alone = [[all(grant.allowed for grant in local.take_now(request)) for request in trip] for trip in trips]
    assert asyncio.run(shared()) == alone


async def test_who_is_refused_by_one_limit_uses_up_no_other(lasting: RedisServer) -> None:
    """All of a request's buckets have one left, or none is charged."""
    async with replica(lasting.port) as one:
        narrow, wide = Charge(Policy("narrow", 1, 3600), key("n")), Charge(Policy("wide", 100, 3600), key("w"))
        assert await one.allowed(narrow, wide)
        refused = await asyncio.gather(*(one.limiter.take([narrow, wide]) for _ in range(20)))
        assert {grants[0].allowed for grants in refused} == {False}
        assert {(grants[1].allowed, grants[1].remaining) for grants in refused} == {(True, 99)}


async def test_redis_learns_nothing_about_anybody_and_forgets(
    make_edge: Callable[..., Any], server: RedisServer
) -> None:
    """Its keys are keyed hashes under the name of a limit, its values a moment, and each ends by itself."""
    async with replica(server.port) as one:
        limits = Limits(person=Policy("person", 9, 3600), address=Policy("address", 9, 3600))
        await make_edge(limits=limits, limiter=one.limiter, limit_secret=bytes(32)).get("/api/v1/things/1")
        kept = [name async for name in one.client.scan_iter()]
        assert len(kept) == 2
        for name in kept:
            assert re.fullmatch(rb"(person|address):.{16}", name.removeprefix(PREFIX), re.DOTALL)
            assert len(await one.client.get(name)) == 8
            assert 0 < await one.client.pttl(name) <= 3_600_000
        whole = b"".join(kept)
        assert not any(known in whole for known in (b"per_a", b"ses_b", b"203.0.113", bytes((203, 0, 113, 7))))


async def test_replicas_with_another_secret_count_apart(make_edge: Callable[..., Any], lasting: RedisServer) -> None:
    """Who has Redis but not the secret can't name a caller's bucket: it depends on the secret."""
    once = Limits(person=Policy("person", quota=1, window_s=3600))
    async with replica(lasting.port) as one:
        statuses = [
            (await make_edge(limits=once, limiter=one.limiter, limit_secret=secret).get("/api/v1/things/1")).status_code
            for secret in (b"s" * 32, b"s" * 32, b"t" * 32)
        ]
    assert statuses == [200, 429, 200]


async def test_a_restarted_redis_is_told_the_script_again(server: RedisServer) -> None:
    """It has lost it, and nobody has to notice."""
    async with replica(server.port) as one:
        assert await one.allowed(Charge(HOUR, key("a")))
        await one.client.script_flush()
        assert await one.allowed(Charge(HOUR, key("a")))
        assert one.metric("degraded") == 0


async def test_a_clock_that_went_back_locks_nobody_out_for_longer_than_a_window(lasting: RedisServer) -> None:
    """A bucket that is full again in a year counts as one that is empty now."""
    minute, name = Policy("minute", quota=60, window_s=60), key("back")
    async with replica(lasting.port) as one:
        await one.client.set(PREFIX + b"minute:" + name, struct.pack("<d", (time.time() + 31e6) * 1e6))
        (grant,) = await one.limiter.take([Charge(minute, name)])
    assert not grant.allowed
    assert grant.reset_s <= 1


async def test_a_frozen_redis_costs_the_budget_once_and_grants_the_local_share(server: RedisServer) -> None:
    """It takes connections and says nothing. Two replicas, a quota of eight: each grants four by itself."""
    async with replica(server.port, patience_s=0.05) as one:
        await one.allowed(Charge(HOUR, key("warm")))
        await one.until_recovered()  # had the machine been too slow for 50 ms
        server.freeze()
        began = time.monotonic()
        takes = await asyncio.gather(*(one.allowed(Charge(HOUR, key("a"))) for _ in range(20)))
        waited = time.monotonic() - began
        assert sum(takes) == HOUR.quota // 2
        assert waited < 1.0  # 50 ms, and what a busy machine adds; without a budget it would be for ever
        assert one.metric("degraded") == 1
        assert (one.metric("local_decisions_total") or 0) >= 20


async def test_a_slow_redis_is_as_good_as_none(server: RedisServer) -> None:
    """Over a line that takes half a second."""
    async with between(server.port) as line, replica(line.port, patience_s=0.2) as one:
        await one.allowed(Charge(HOUR, key("warm")))
        await one.until_recovered()
        line.delay_s = 0.5
        assert sum([await one.allowed(Charge(HOUR, key("a"))) for _ in range(20)]) == HOUR.quota // 2
        assert one.limiter.degraded


async def test_without_redis_limits_on_authentication_are_tighter_still(server: RedisServer) -> None:
    """Half of the local share; and where a share is less than one request, one in a longer window."""
    async with replica(server.port) as one, replica(server.port, replicas=100) as many:
        server.stop()
        session, person = (Charge(Policy(name, 8, 3600), key("a")) for name in ("session", "person"))
        assert sum([await one.allowed(session) for _ in range(9)]) == 2
        assert sum([await one.allowed(person) for _ in range(9)]) == 4
        assert sum([await many.allowed(person) for _ in range(9)]) == 1
        ((refused),) = await many.limiter.take([person])
        assert refused.reset_s > 3600


async def test_an_outage_is_told_once_and_heals_by_itself(
    server: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line when it begins, one when it ends, however many requests there were. Then Redis decides again."""
    async with replica(server.port, first_pause_s=0.02) as one:
        server.stop()
        for number in range(30):
            await one.allowed(Charge(HOUR, key(str(number))))
        server.start()
        await one.until_recovered()
        assert await one.allowed(Charge(HOUR, key("after")))
        assert await one.client.exists(PREFIX + b"hour:" + key("after"))
        assert one.metric("degraded") == 0
    told = re.findall(r"limiter\.(?:degraded|recovered)", capsys.readouterr().err)
    assert told == ["limiter.degraded", "limiter.recovered"]


async def test_what_was_granted_during_an_outage_is_charged_afterwards(server: RedisServer) -> None:
    """Three before, two meanwhile, so three of eight are left: once, and on the other replica as well."""
    charge = Charge(HOUR, key("a"))
    async with replica(server.port, patience_s=0.2, first_pause_s=0.02) as one, replica(server.port) as other:
        assert [await other.allowed(charge) for _ in range(3)] == [True] * 3
        await one.allowed(Charge(HOUR, key("warm")))
        server.freeze()
        assert [await one.allowed(charge) for _ in range(2)] == [True] * 2
        server.thaw()
        await one.until_recovered()
        spent = [(await each.limiter.take([charge]))[0].remaining for each in (one, other)]
    # What was asked when Redis froze may have been carried out there too: then it counts twice, never not at all.
    assert spent in ([2, 1], [1, 0])


async def test_an_outage_is_probed_by_one_connection_at_a_time_and_not_by_requests(server: RedisServer) -> None:
    """A thousand requests while Redis is gone: it is knocked at by the probe alone, and ever more rarely."""
    async with between(server.port) as line, replica(line.port, patience_s=0.1, first_pause_s=0.02) as one:
        line.delay_s = 3.0
        before = line.connections
        for number in range(1000):
            await one.allowed(Charge(HOUR, key(str(number))))
            await asyncio.sleep(0)
        await asyncio.sleep(0.5)
        assert one.limiter.degraded
        assert line.connections - before <= 8


async def test_guesses_are_counted_over_all_replicas(make_edge: Callable[..., Any], lasting: RedisServer) -> None:
    """Four refused tokens, wherever: the fifth is not looked at by either. Who is dry is known without asking Redis."""
    limits = Limits(failures=Policy("failures", quota=4, window_s=3600))
    wrong = {"authorization": "Bearer no"}
    async with replica(lasting.port) as one, replica(lasting.port) as other:
        edges = [make_edge(limits=limits, limiter=each.limiter, limit_secret=b"g" * 32) for each in (one, other)]
        statuses = [(await edges[number % 2].get("/api/v1/things/1", headers=wrong)).status_code for number in range(7)]
    assert statuses == [401, 401, 401, 401, 401, 429, 429]


@pytest.fixture
def issued(tmp_path: Path) -> TlsFiles:
    authority = LocalAuthority.open(tmp_path / "authority")
    return authority.issue("redis.mail-organiser.internal", ("127.0.0.1",))


async def test_redis_is_spoken_to_over_tls_with_its_own_authority(tmp_path: Path, issued: TlsFiles) -> None:
    """TLS 1.3 and a password from a file; a Redis that another authority vouches for is no Redis of ours."""
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    strange = LocalAuthority.open(tmp_path / "strange").issue("redis.mail-organiser.internal", ("127.0.0.1",))
    with redis_server(tmp_path, issued, PASSWORD) as running:
        for files, degraded in ((issued, False), (strange, True)):
            configured = RedisSettings(
                url=f"rediss://127.0.0.1:{running.port}",
                authority=files.authority,
                password_file=SecretFile(secret),
                replicas=2,
                patience_ms=1000,
            )
            made = Replica(configured, LONG)
            assert await made.allowed(Charge(HOUR, key("a")))
            assert made.limiter.degraded is degraded
            await made.limiter.close()
            await made.client.aclose()


@pytest.mark.parametrize(
    "values",
    [
        {"url": "redis://redis.example:6379"},
        {"url": "redis://10.0.0.1"},
        {"url": "rediss://redis.example"},
        {"url": "rediss://user:password@redis.example", "authority": "ca.pem"},
        {"url": "http://127.0.0.1"},
        {"url": "redis://127.0.0.1", "replicas": 0},
    ],
)
def test_plaintext_beyond_this_machine_and_unpinned_tls_are_refused(values: dict[str, Any]) -> None:
    """And passwords in a URL, and a share of nothing. Before anything starts."""
    with pytest.raises(ValidationError):
        RedisSettings(**{"replicas": 2, **values})


def test_an_authority_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    """In a sentence that says what to do."""
    configured = RedisSettings(url="rediss://redis.example", authority=tmp_path / "absent.pem", replicas=2)
    with pytest.raises(StartRefused, match=r"redis\.authority"):
        open_redis(configured)
