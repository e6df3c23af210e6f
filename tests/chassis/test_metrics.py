"""Metrics on their own port, from closed sets."""

import urllib.request
from typing import Any

import grpc
import pytest

from chassis.metrics import Metrics, expose

ECHO = "/test.v1.Echo/"


def _scrape(port: int) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def _counts(text: str) -> dict[tuple[str, str], float]:
    rows = [line for line in text.splitlines() if line.startswith("rpc_server_call_duration_seconds_count{")]
    return {(row.split('"')[1], row.split('"')[3]): float(row.split()[-1]) for row in rows}


async def test_calls_are_counted_by_method_and_status(house: Any) -> None:
    """Rate, errors and duration of each method; a method of a stranger's invention adds no series."""
    metrics = Metrics()
    async with house.serve(metrics=metrics) as serving, house.channel(serving.port) as channel:
        await channel.unary_unary(f"{ECHO}Unary")(b"x", timeout=5)
        await channel.unary_unary(f"{ECHO}Unary")(b"x", timeout=5)
        house.echo.raised = ValueError()
        for method in (f"{ECHO}Fail", "/Zebediah/One", "/Zebediah/Two"):
            with pytest.raises(grpc.aio.AioRpcError):
                await channel.unary_unary(method)(b"x", timeout=5)
    with expose(metrics) as port:
        text = _scrape(port)
    assert _counts(text) == {
        ("test.v1.Echo/Unary", "OK"): 2,
        ("test.v1.Echo/Fail", "INTERNAL"): 1,
        ("unknown", "PERMISSION_DENIED"): 2,
    }
    assert "Zebediah" not in text
    assert 'rpc_server_call_duration_seconds_bucket{le="0.005",rpc_method="test.v1.Echo/Unary"' in text


async def test_a_call_that_the_client_gave_up_is_counted_as_cancelled(house: Any) -> None:
    """A deadline that ends a handler isn't an OK."""
    metrics = Metrics()
    async with house.serve(metrics=metrics) as serving, house.channel(serving.port) as channel:
        with pytest.raises(grpc.aio.AioRpcError):
            await channel.unary_unary(f"{ECHO}Wait")(b"x", timeout=0.1)
    with expose(metrics) as port:
        assert _counts(_scrape(port)) == {("test.v1.Echo/Wait", "CANCELLED"): 1}


def test_the_port_is_closed_afterwards_and_on_loopback_by_default() -> None:
    """Nothing is left listening, and nobody else's machine is served unless it was configured."""
    with expose(Metrics()) as port:
        assert "process_cpu_seconds_total" in _scrape(port)
        assert "python_gc_objects_collected_total" in _scrape(port)
    with pytest.raises(OSError, match="refused"):
        _scrape(port)
