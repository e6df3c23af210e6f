"""A client's channel: deadlines, and new certificates without a restart or a failed call."""

import asyncio
import os
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509

from chassis.authority import AUTHORITY_LIFETIME, LocalAuthority
from chassis.channel import DeadlineMissing

ECHO = "/test.v1.Echo/"
SENTINEL = "sentinel.mail-organiser.internal"
GATEWAY = "gateway.mail-organiser.internal"


@pytest.mark.parametrize("seconds", [None, 0, -1.0, float("nan")])
@pytest.mark.parametrize("kind", ["unary_unary", "unary_stream", "stream_unary", "stream_stream"])
async def test_a_call_without_a_timeout_is_not_sent(house: Any, kind: str, seconds: float | None) -> None:
    """The mistake is the caller's and shows at once, whatever the kind of call."""
    async with house.channel(1) as channel:
        with pytest.raises(DeadlineMissing, match="Give it one, in seconds"):
            getattr(channel, kind)(f"{ECHO}Unary")(b"", timeout=seconds)


async def test_a_deadline_is_kept(house: Any) -> None:
    """A server that doesn't answer costs the timeout and no more."""
    async with house.serve() as serving, house.channel(serving.port) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary(f"{ECHO}Wait")(b"", timeout=0.2)
        house.echo.release.set()
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_proxy_variable_is_not_followed(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail must not take a way round through a proxy that the environment names."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    async with house.serve() as serving, house.channel(serving.port) as channel:
        assert await channel.unary_unary(f"{ECHO}Unary")(b"a", timeout=5) == b"a"


def _serial(pem: bytes) -> int:
    return x509.load_pem_x509_certificate(pem).serial_number


def _served_serial(port: int, files: Any) -> int:
    """The certificate that a new connection is shown."""
    context = ssl.create_default_context(cafile=files.authority)
    context.load_cert_chain(files.certificate, files.key)
    context.check_hostname = False
    with socket.create_connection(("127.0.0.1", port), 5) as plain, context.wrap_socket(plain) as wrapped:
        shown = wrapped.getpeercert(binary_form=True)
    assert shown
    return x509.load_der_x509_certificate(shown).serial_number


async def _until_seen(channel: grpc.aio.Channel, serial: int) -> int:
    """Calls on and on, none of which may fail, until the server sees this client certificate. Returns their number."""
    call, calls = channel.unary_unary(f"{ECHO}Certificate"), 0
    async with asyncio.timeout(10):
        while True:
            calls += 1
            if _serial(await call(b"", timeout=5)) == serial:
                return calls
            await asyncio.sleep(0)


async def test_a_rotation_needs_no_restart_and_fails_no_call(house: Any) -> None:
    """Both ends take up new leaves while calls run: one long call spans the rotation, short ones never fail."""
    async with house.serve() as serving, house.channel(serving.port) as channel:
        long_call = channel.unary_unary(f"{ECHO}Wait")(b"long", timeout=20)
        await house.echo.arrived.wait()
        before = _serial(house.gateway.certificate.read_bytes())
        assert _serial(await channel.unary_unary(f"{ECHO}Certificate")(b"", timeout=5)) == before
        house.authority.issue(SENTINEL, ["localhost", "127.0.0.1"])
        house.authority.issue(GATEWAY)
        client, server = (_serial(files.certificate.read_bytes()) for files in (house.gateway, house.sentinel))
        assert await _until_seen(channel, client) > 1
        assert await asyncio.to_thread(_served_serial, serving.port, house.gateway) == server
        house.echo.release.set()
        assert await long_call == b"long"


async def test_an_authority_is_replaced_without_a_failed_call(tmp_path: Path, house: Any) -> None:
    """The old authority ends in 40 days: its successor's leaves are taken up while the old ones still count."""
    folder = tmp_path / "ageing"
    old = LocalAuthority.open(folder, now=datetime.now(UTC) - AUTHORITY_LIFETIME + timedelta(days=40))
    house.sentinel, house.gateway = old.issue(SENTINEL), old.issue(GATEWAY)
    async with house.serve() as serving, house.channel(serving.port) as channel:
        assert await channel.unary_unary(f"{ECHO}Unary")(b"old", timeout=5) == b"old"
        new = LocalAuthority.open(folder)
        new.issue(SENTINEL)
        assert await channel.unary_unary(f"{ECHO}Unary")(b"mixed", timeout=5) == b"mixed"
        new.issue(GATEWAY)
        assert await _until_seen(channel, _serial(house.gateway.certificate.read_bytes())) > 1
    assert new.bundle.read_bytes().count(b"BEGIN CERTIFICATE") == 2


async def test_half_a_rotation_is_not_taken_up(house: Any) -> None:
    """While key and certificate don't match, both ends go on with what they have."""
    async with house.serve() as serving, house.channel(serving.port) as channel:
        before = _serial(house.gateway.certificate.read_bytes())
        for files in (house.sentinel, house.gateway):
            files.certificate.write_bytes(b"half written")
            os.utime(files.certificate, (1, 1))
        channel._look_at = 0.0
        assert _serial(await channel.unary_unary(f"{ECHO}Certificate")(b"", timeout=5)) == before
        async with asyncio.timeout(5):
            await channel.channel_ready()


async def test_the_old_connection_is_closed_after_its_last_call(house: Any) -> None:
    """A retired connection lives as long as its calls and no longer."""
    async with house.serve() as serving, house.channel(serving.port) as channel:
        call = channel.unary_unary(f"{ECHO}Wait")(b"", timeout=20)
        await house.echo.arrived.wait()
        house.authority.issue(GATEWAY)
        channel._look_at = 0.0
        assert await channel.unary_unary(f"{ECHO}Unary")(b"", timeout=5) == b""
        (old,) = channel._retired
        assert not old.closed
        house.echo.release.set()
        await call
        async with asyncio.timeout(5):
            await old._closing
