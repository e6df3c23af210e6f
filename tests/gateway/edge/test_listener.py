"""The listener, from outside: raw sockets and TLS, as an attacker has them."""

import asyncio
import contextlib
import shutil
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chassis.authority import LocalAuthority
from chassis.errors import StartRefused
from chassis.tls import TlsFiles
from gateway.edge.listener import Address, Deadlines, Listener

GET = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"
SLOW_BODY = (
    b"POST /api/v1/things HTTP/1.1\r\nhost: a\r\nauthorization: Bearer good-token\r\ncontent-length: 9000\r\n\r\n"
)
QUICK = Deadlines(handshake_s=0.5, headers_s=0.5, message_s=0.8, stall_s=0.5, idle_s=1)


@pytest.fixture
def tls(tmp_path: Path) -> TlsFiles:
    return LocalAuthority.open(tmp_path / "tls").issue("localhost", hosts=["127.0.0.1"])


@contextlib.asynccontextmanager
async def served(listener: Listener) -> AsyncIterator[None]:
    serving = asyncio.create_task(listener.serve())
    while not listener.started:  # noqa: ASYNC110  # uvicorn offers no event
        await asyncio.sleep(0.01)
    yield
    listener.should_exit = True
    await serving


@pytest.fixture
async def listener(make_edge: Callable[..., Any], tls: TlsFiles) -> AsyncIterator[Listener]:
    built = Listener(make_edge().app, Address("127.0.0.1", 0), tls, deadlines=QUICK)
    async with served(built):
        yield built


def trust(tls: TlsFiles) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(tls.authority))


async def connect(listener: Listener, tls: TlsFiles) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", listener.port, ssl=trust(tls), server_hostname="localhost")


async def closed_after(reader: asyncio.StreamReader) -> float:
    """Seconds until the server has ended the connection."""
    begun = time.monotonic()
    with contextlib.suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), 5)
    return time.monotonic() - begun


async def ask(listener: Listener, tls: TlsFiles, request: bytes) -> bytes:
    """All that comes back until the server closes."""
    reader, writer = await connect(listener, tls)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer


async def test_tls_13_and_nothing_older(listener: Listener, tls: TlsFiles) -> None:
    """A client that offers 1.2 at most gets no connection; a modern one gets 1.3."""
    old = trust(tls)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", listener.port, ssl=old, server_hostname="localhost")
    _, writer = await connect(listener, tls)
    assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"
    writer.close()


async def test_an_answer_names_no_software_and_no_clock(listener: Listener, tls: TlsFiles) -> None:
    """Neither Server nor Date; HSTS is there."""
    answer = await ask(listener, tls, GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
    head = answer.partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 200")
    assert b"\r\nserver:" not in head
    assert b"\r\ndate:" not in head
    assert b"uvicorn" not in answer.lower()
    assert b"strict-transport-security: max-age=63072000" in head


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
        b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: +1\r\n\r\nx",
        b"GET / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx: a\r\n b\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost : a\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx: a\x00b\r\n\r\n",
        b"CONNECT evil:443 HTTP/1.1\r\nhost: evil\r\n\r\n",
    ],
)
async def test_what_is_not_http_gets_our_400_and_no_second_chance(
    listener: Listener, tls: TlsFiles, request_bytes: bytes
) -> None:
    """Smuggling (two lengths, CL with TE, folding, odd spaces): refused, closed, in our form and with our headers."""
    answer = await ask(listener, tls, request_bytes + GET)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 405 "))
    assert b"content-type: application/problem+json" in head
    assert b"strict-transport-security: max-age=63072000" in head
    assert b"HTTP/1.1" not in body  # the request behind it was not answered


async def test_endless_headers_are_cut_at_32_kib(listener: Listener, tls: TlsFiles) -> None:
    """The parser has no limit of its own; a header without end must not fill the memory."""
    reader, writer = await connect(listener, tls)
    writer.write(b"GET / HTTP/1.1\r\nhost: a\r\nx: ")
    with contextlib.suppress(ConnectionError):
        for _ in range(64):
            writer.write(b"x" * 1024)
            await writer.drain()
            await asyncio.sleep(0)
    answer = await asyncio.wait_for(reader.read(), 5)
    assert answer.startswith(b"HTTP/1.1 400 ")
    writer.close()


async def test_a_big_body_in_one_piece_is_no_header(listener: Listener, tls: TlsFiles) -> None:
    """Headers and 60 KiB of body may arrive together."""
    body = b'{"name":"' + b"x" * 60_000 + b'"}'
    head = b"POST /api/v1/things HTTP/1.1\r\nhost: a\r\nauthorization: Bearer good-token\r\nconnection: close\r\n"
    head += b"content-type: application/json\r\ncontent-length: " + str(len(body)).encode() + b"\r\n\r\n"
    assert (await ask(listener, tls, head + body)).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("sent", "trickle"),
    [
        (b"", b""),
        (b"GET / HT", b""),
        (b"GET / HTTP/1.1\r\nhost: a\r\n", b"x: y\r\n"),
        (b"", b"\r\n"),
        (GET + b"GET / HTTP/1.1\r\n", b"x: y\r\n"),
        (GET, b"\r\n"),
        (b"POST /api/v1/things HTTP/1.1\r\nhost: a\r\ncontent-length: 9000\r\n\r\n", b"x"),
        (SLOW_BODY, b"x"),
    ],
    ids=["silent", "half line", "headers", "empty lines", "second", "empty lines later", "refused body", "body"],
)
async def test_sixty_slow_connections_are_all_dropped_and_others_served(
    listener: Listener, tls: TlsFiles, sent: bytes, trickle: bytes
) -> None:
    """Slowloris, in each place where one can be slow: every connection ends within its deadline."""
    connections = [await connect(listener, tls) for _ in range(60)]

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
        writer.write(sent)
        ending = asyncio.create_task(closed_after(reader))
        while trickle and not ending.done():
            with contextlib.suppress(ConnectionError):
                writer.write(trickle)
            await asyncio.wait([ending], timeout=0.1)
        took = await ending
        writer.transport.abort()
        return took

    dropping = asyncio.gather(*(slow(*connection) for connection in connections))
    served = await ask(listener, tls, GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
    assert served.startswith(b"HTTP/1.1 200")
    assert max(await dropping) < 3.5


async def test_who_does_not_read_the_answer_is_cut(listener: Listener, tls: TlsFiles) -> None:
    """100 MB are coming and nobody takes them: neither memory nor the connection is kept for that."""
    plain = socket.create_connection(("127.0.0.1", listener.port))
    wrapped = await asyncio.to_thread(trust(tls).wrap_socket, plain, server_hostname="localhost")
    wrapped.sendall(GET.replace(b"/ ", b"/large ", 1))
    while not listener.server_state.connections:  # noqa: ASYNC110  # the server offers no event
        await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        while listener.server_state.connections:  # noqa: ASYNC110  # the server offers no event
            await asyncio.sleep(0.05)
    wrapped.close()


async def test_a_handshake_that_never_comes_is_dropped(listener: Listener) -> None:
    """A TCP connection that speaks no TLS holds nothing for longer than the handshake's deadline."""
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    assert await closed_after(reader) < 3.5
    writer.close()


async def test_more_connections_than_the_cap_are_cut_at_once(make_edge: Callable[..., Any], tls: TlsFiles) -> None:
    """Bounded memory: the newcomer is cut, those who are in go on."""
    patient = replace(QUICK, headers_s=5)
    built = Listener(make_edge().app, Address("127.0.0.1", 0), tls, deadlines=patient, connections=3)
    async with served(built):
        inside = [await connect(built, tls) for _ in range(3)]
        with contextlib.suppress(ConnectionError):
            reader, _ = await connect(built, tls)
            assert await closed_after(reader) < 1
        inside[0][1].write(GET)
        assert (await inside[0][0].readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
        for _, writer in inside:
            writer.close()


async def test_a_new_certificate_is_served_without_a_restart(listener: Listener, tls: TlsFiles, tmp_path: Path) -> None:
    """The next handshake sees it; the connection that was open goes on."""
    reader, writer = await connect(listener, tls)
    before = writer.get_extra_info("ssl_object").getpeercert()["serialNumber"]
    assert not listener.reload_certificate()
    LocalAuthority.open(tmp_path / "tls").issue("localhost", hosts=["127.0.0.1"])
    assert listener.reload_certificate()
    _, second = await connect(listener, tls)
    assert second.get_extra_info("ssl_object").getpeercert()["serialNumber"] != before
    writer.write(GET)
    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
    for each in (writer, second):
        each.close()


async def test_half_a_rotation_keeps_the_old_pair(listener: Listener, tls: TlsFiles, tmp_path: Path) -> None:
    """Certificate without its key: the old ones go on serving."""
    other = LocalAuthority.open(tmp_path / "other").issue("localhost", hosts=["127.0.0.1"])
    shutil.copyfile(other.certificate, tls.certificate)
    assert not listener.reload_certificate()
    _, writer = await connect(listener, tls)
    assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"
    writer.close()


def test_it_does_not_start_without_a_good_certificate(make_edge: Callable[..., Any], tls: TlsFiles) -> None:
    """Missing or foreign key: refused at once, in a sentence."""
    tls.key.unlink()
    with pytest.raises(StartRefused):
        Listener(make_edge().app, Address("127.0.0.1", 0), tls)


async def test_forwarding_headers_do_not_become_the_address(listener: Listener, tls: TlsFiles) -> None:
    """Uvicorn believes X-Forwarded-For from 127.0.0.1 by default; ours believes nobody."""
    spoofed = b"GET /client HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 198.51.100.1\r\nconnection: close\r\n\r\n"
    assert (await ask(listener, tls, spoofed)).endswith(b'"127.0.0.1"')
