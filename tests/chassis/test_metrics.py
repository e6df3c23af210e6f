"""Metrics on their own port, from closed sets, for the one certificate that may look."""

import asyncio
import http.client
import socket
import ssl
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest

from chassis import tls
from chassis.authority import LocalAuthority
from chassis.errors import StartRefused
from chassis.exposition import MAX_CONNECTIONS, expose
from chassis.metrics import Metrics
from chassis.tls import TlsFiles

ECHO = "/test.v1.Echo/"
PROMETHEUS = "prometheus.mail-organiser.internal"


def _ask(house: Any, port: int, files: TlsFiles | None, path: str = "/metrics", method: str = "GET") -> Any:
    """(status, text, headers in lower case)."""
    trust = ssl.create_default_context(cafile=str(house.sentinel.authority))
    if files is not None:
        trust.load_cert_chain(files.certificate, files.key)
    with closing(http.client.HTTPSConnection("127.0.0.1", port, context=trust, timeout=5)) as connection:
        connection.request(method, path)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, answer.read().decode(), headers


def _scrape(house: Any, port: int) -> str:
    status, text, _ = _ask(house, port, house.authority.issue(PROMETHEUS))
    assert status == 200
    return str(text)


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
    with expose(metrics, house.sentinel) as port:
        text = _scrape(house, port)
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
    with expose(metrics, house.sentinel) as port:
        assert _counts(_scrape(house, port)) == {("test.v1.Echo/Wait", "CANCELLED"): 1}


def test_the_port_is_closed_afterwards_and_on_loopback_by_default(house: Any) -> None:
    """Nothing is left listening, and nobody else's machine is served unless it was configured."""
    with expose(Metrics(), house.sentinel) as port:
        text = _scrape(house, port)
    assert "process_cpu_seconds_total" in text
    assert "python_gc_objects_collected_total" in text
    with pytest.raises(ConnectionRefusedError):
        _scrape(house, port)


def test_nobody_without_our_certificate_gets_a_byte(house: Any, tmp_path: Any) -> None:
    """No certificate, or one of another authority that has the right name: the handshake ends."""
    other = LocalAuthority.open(tmp_path / "other").issue(PROMETHEUS)
    with expose(Metrics(), house.sentinel) as port:
        for files in (None, other):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                _ask(house, port, files)


def test_a_peer_of_another_name_is_refused(house: Any) -> None:
    """Its certificate is good, its name is in no row: 403 and no metrics."""
    with expose(Metrics(), house.sentinel) as port:
        status, text, headers = _ask(house, port, house.gateway)
    assert (status, text) == (403, "")
    assert headers["strict-transport-security"].startswith("max-age=63072000")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("GET", "/metrics/", 404), ("PUT", "/metrics", 501)]
)
def test_there_is_nothing_else_there(house: Any, method: str, path: str, status: int) -> None:
    """Another path or method: a status, no text, no name of the software."""
    with expose(Metrics(), house.sentinel) as port:
        answered, text, headers = _ask(house, port, house.authority.issue(PROMETHEUS), path, method)
    assert (answered, text) == (status, "")
    assert "server" not in headers


def test_silent_connections_end_and_never_fill_it(house: Any) -> None:
    """More of them than there are places, saying nothing: all are closed in time, and Prometheus is served again."""
    with expose(Metrics(), house.sentinel, seconds=0.3) as port:
        silent = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(MAX_CONNECTIONS + 4)]
        begun = time.monotonic()
        for each in silent:
            with closing(each):
                assert each.recv(1) == b""
        assert time.monotonic() - begun < 3
        assert "process_cpu_seconds_total" in _scrape(house, port)


def test_a_new_certificate_is_taken_up(house: Any) -> None:
    """No restart: the next connection sees it, and one of a new client authority is believed."""
    with expose(Metrics(), house.sentinel) as port:
        before = _served_serial(house, port)
        house.authority.issue("sentinel.mail-organiser.internal", ["localhost", "127.0.0.1"])
        _served_serial(house, port)
        assert _served_serial(house, port) != before


def _served_serial(house: Any, port: int) -> str:
    trust = ssl.create_default_context(cafile=str(house.sentinel.authority))
    files = house.authority.issue(PROMETHEUS)
    trust.load_cert_chain(files.certificate, files.key)
    plain = socket.create_connection(("127.0.0.1", port), timeout=5)
    with trust.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped:
        certificate = wrapped.getpeercert()
    assert certificate is not None
    return str(certificate["serialNumber"])


async def test_it_answers_while_the_event_loop_is_stuck(house: Any) -> None:
    """A process that hangs can still be looked at: the page has threads of its own."""
    with expose(Metrics(), house.sentinel) as port:
        looking = asyncio.create_task(asyncio.to_thread(_scrape, house, port))
        await asyncio.sleep(0)
        time.sleep(1.0)  # noqa: ASYNC251  # the loop is stuck: that is the point
        begun = time.monotonic()
        await looking
        assert time.monotonic() - begun < 0.5


def test_an_address_that_is_taken_is_refused(house: Any) -> None:
    """One sentence, before anything runs."""
    with expose(Metrics(), house.sentinel) as port, pytest.raises(StartRefused, match="cannot be bound"):
        expose(Metrics(), house.sentinel, port=port).__enter__()


def test_it_tells_when_the_certificate_ends(house: Any) -> None:
    """As the file says at that moment; files that must not be used end at once."""
    with expose(Metrics(), house.sentinel) as port:
        told = _scrape(house, port)
    end = tls.load(house.sentinel).not_after.timestamp()
    line = next(line for line in told.splitlines() if line.startswith("tls_certificate_not_after"))
    assert float(line.split()[-1]) == end


def test_a_certificate_that_can_not_be_used_ends_at_once(house: Any, tmp_path: Path) -> None:
    """Its end is 0, which is before every date that an alert looks for."""
    metrics = Metrics()
    metrics.certificate("edge", replace(house.sentinel, certificate=tmp_path / "absent.pem"))
    value = metrics.registry.get_sample_value("tls_certificate_not_after_timestamp_seconds", {"use": "edge"})
    assert value == 0
