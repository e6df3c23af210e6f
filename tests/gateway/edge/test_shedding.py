"""Too much to do: refused early and in so many words, never queued; what an operator needs goes through."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from gateway.edge.counts import EdgeCounts
from gateway.edge.load import LOOKS, Load
from gateway.edge.shedding import Shedding

GOOD = {"authorization": "Bearer good-token"}


class Slow:
    """An application that answers when told; `arrived` counts requests, in all and at once."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.arrived = 0
        self.most = 0
        self.inside = 0

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        self.arrived += 1
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.release.wait()
        self.inside -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def call(app: Any, path: str = "/api/v1/things") -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    await app({"type": "http", "method": "GET", "path": path, "headers": []}, receive, send)
    return sent


async def test_the_request_beyond_the_cap_is_refused_and_never_begun() -> None:
    """503, Retry-After of 1 to 5 s, a problem of its own; the application does not see it; afterwards there is room."""
    slow, load = Slow(), Load(most=3)
    app = Shedding(slow, load=load)
    waiting = [asyncio.create_task(call(app)) for _ in range(3)]
    await asyncio.sleep(0)
    refused = await call(app)
    assert refused[0]["status"] == 503
    headers = dict(refused[0]["headers"])
    assert headers[b"content-type"] == b"application/problem+json"
    assert 1 <= int(headers[b"retry-after"]) <= 5
    assert b'"code":"overloaded"' in refused[1]["body"]
    assert (slow.arrived, slow.most) == (3, 3)
    slow.release.set()
    await asyncio.gather(*waiting)
    assert load.waiting == 0
    assert (await call(app))[0]["status"] == 200


async def test_what_an_operator_needs_goes_through() -> None:
    """Liveness and readiness, when nothing else does."""
    slow, load = Slow(), Load(most=0)
    slow.release.set()
    app = Shedding(slow, load=load)
    answers = [(await call(app, path))[0]["status"] for path in ("/healthz", "/readyz", "/api/v1/status", "/")]
    assert answers == [200, 200, 503, 503]


async def test_a_stream_holds_no_place() -> None:
    """Once its answer has begun a request waits in no queue: a thousand watchers shed nobody."""
    load = Load(most=2)

    async def stream(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.Future()

    watching = [asyncio.create_task(call(Shedding(stream, load=load))) for _ in range(50)]
    await asyncio.sleep(0)
    assert load.waiting == 0
    for each in watching:
        each.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    assert load.waiting == 0


async def test_a_failure_or_a_lost_client_gives_the_place_back() -> None:
    """An exception, a cancelled request, an answer without a start: the count is right after each."""
    load = Load(most=2)

    async def fails(*_: Any) -> None:
        raise RuntimeError

    async def hangs(*_: Any) -> None:
        await asyncio.Future()

    with pytest.raises(RuntimeError):
        await call(Shedding(fails, load=load))
    hanging = asyncio.create_task(call(Shedding(hangs, load=load)))
    await asyncio.sleep(0)
    assert load.waiting == 1
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)
    assert load.waiting == 0


def test_one_pause_sheds_nobody_and_a_standing_lag_does() -> None:
    """A second of the loop's time in one piece is a pause; late at every look of a second is a queue."""
    load = Load(max_lag_s=0.25)
    load.looked(5.0)
    assert load.excess() is None
    for _ in range(LOOKS):
        load.looked(0.3)
    assert load.excess() == "lag"
    load.looked(0.0)
    assert load.excess() is None


@given(st.lists(st.floats(-1, 10, allow_nan=False), max_size=40))
def test_the_standing_lag_is_the_least_of_the_last_looks(lags: list[float]) -> None:
    """And never below nothing, whatever a clock says."""
    load = Load()
    for lag in lags:
        load.looked(lag)
    last = [0.0] * LOOKS + [max(0.0, lag) for lag in lags]
    assert load.standing_lag_s == min(last[-LOOKS:])


async def test_the_loop_that_is_really_late_is_noticed_and_recovers() -> None:
    """A real loop, kept busy: it sheds within two seconds, and not any more soon afterwards."""
    load = Load(max_lag_s=0.02)
    watching = asyncio.create_task(load.watch())
    end = time.monotonic() + 4
    while load.excess() is None and time.monotonic() < end:
        time.sleep(0.05)  # noqa: ASYNC251  # the loop is busy: that is the point
        await asyncio.sleep(0)
    assert load.excess() == "lag"
    while load.excess() is not None and time.monotonic() < end + 4:  # noqa: ASYNC110  # it offers no event
        await asyncio.sleep(0.05)
    assert load.excess() is None
    watching.cancel()


def test_what_was_shed_is_counted_by_signal() -> None:
    """Prometheus sees it, by one of two words."""
    registry = CollectorRegistry()
    load = Load(most=0, counts=EdgeCounts(registry))
    load.excess()
    assert registry.get_sample_value("edge_requests_shed_total", {"signal": "requests"}) == 1
    assert registry.get_sample_value("edge_requests_shed_total", {"signal": "lag"}) == 0


async def test_a_shed_request_has_every_header_of_an_answer(make_edge: Callable[..., Any]) -> None:
    """Through all layers: HSTS, no-store, an id; and it costs no token verification."""
    front = make_edge(load=Load(most=0))
    answer = await front.get("/api/v1/things/1", headers={"authorization": "Bearer unknown"})
    assert answer.status_code == 503
    assert answer.headers["strict-transport-security"].startswith("max-age=63072000")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["trace_id"] == answer.headers["x-request-id"]
    assert answer.json()["retry_after"] == int(answer.headers["retry-after"])
