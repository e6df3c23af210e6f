"""What is refused before it is a request leaves a number by its reason and a bounded line, and nothing of its text."""

import asyncio
import json
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from chassis.sparing import MOST
from gateway.edge.counts import Malformed

MARK = "mark9f31c7"
HEAD = f"GET /{MARK} HTTP/1.1\r\nHost: localhost\r\n"
REQUESTS = {
    Malformed.UNPARSABLE: f"{HEAD}{MARK} no header\r\n\r\n",
    Malformed.AMBIGUOUS: f"{HEAD}Host: {MARK}\r\n\r\n",
    Malformed.TOO_LARGE: f"{HEAD}X: {'x' * 40_000}",
    Malformed.UNKNOWN_METHOD: f"{MARK.upper()} / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    Malformed.TRAILER: f"POST /{MARK} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    f"1\r\nx\r\n0\r\n{MARK}: x\r\n\r\n",
    Malformed.PIPELINED: f"{HEAD}\r\n{HEAD}\r\n",
}


def counted(registry: CollectorRegistry, reason: Malformed) -> float:
    return float(registry.get_sample_value("edge_requests_malformed_total", {"reason": reason.value}) or 0)


async def refused(connect: Any, request: str) -> None:
    reader, writer = await connect()
    writer.write(request.encode("latin-1"))
    await asyncio.wait_for(reader.read(), 5)
    writer.close()


@pytest.mark.parametrize("reason", Malformed)
async def test_each_reason_is_counted_and_told_without_a_word_of_it(
    quick: Any, reason: Malformed, capsys: pytest.CaptureFixture[str]
) -> None:
    """One number and one line for each, which say why and nothing that was sent, nor from where."""
    await refused(quick.connect, REQUESTS[reason])
    assert {one: counted(quick.registry, one) for one in Malformed} == {one: float(one is reason) for one in Malformed}
    told = capsys.readouterr().err
    (line,) = [json.loads(one) for one in told.splitlines() if "request.malformed" in one]
    assert (line["reason"], line["untold"]) == (reason.value, 0)
    assert MARK not in told.lower()
    assert "127.0.0.1" not in told


async def test_a_flood_is_a_number(quick: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """All are counted, ten are told."""
    for _ in range(MOST + 5):
        await refused(quick.connect, REQUESTS[Malformed.AMBIGUOUS])
    assert counted(quick.registry, Malformed.AMBIGUOUS) == MOST + 5
    assert capsys.readouterr().err.count("request.malformed") == MOST


async def test_a_handshake_that_fails_is_counted_and_told(quick: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Who speaks no TLS, or one that we don't."""
    reader, writer = await asyncio.open_connection("127.0.0.1", quick.listener.port)
    writer.write(f"GET /{MARK} HTTP/1.1\r\n\r\n".encode())
    await asyncio.wait_for(reader.read(), 5)
    writer.close()
    async with asyncio.timeout(5):
        while not quick.registry.get_sample_value("edge_handshakes_failed_total"):  # noqa: ASYNC110  # it offers no event
            await asyncio.sleep(0.02)
    told = capsys.readouterr().err
    assert told.count("handshake.failed") == 1
    assert MARK not in told
