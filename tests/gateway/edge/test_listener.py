"""The listener, from outside: raw sockets and TLS, as an attacker has them."""

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from chassis.authority import LocalAuthority
from chassis.errors import StartRefused
from chassis.tls import TlsFiles
from gateway.edge.bucket import Policy
from gateway.edge.listener import Address, Listener, Terms
from gateway.edge.protocol import Deadlines
from gateway.edge.rate_limit import Limits

GET = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"
SLOW_BODY = (
    b"POST /api/v1/things HTTP/1.1\r\nhost: a\r\nauthorization: Bearer good-token\r\ncontent-length: 9000\r\n\r\n"
)


@contextlib.asynccontextmanager
async def served(listener: Listener) -> AsyncIterator[None]:
    serving = asyncio.create_task(listener.serve())
    while not listener.started:  # noqa: ASYNC110  # uvicorn offers no event
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        listener.should_exit = True
        for connection in list(listener.server_state.connections):
            connection.transport.abort()
        await serving


@pytest.fixture
def listener(quick: Any) -> Listener:
    built: Listener = quick.listener
    return built


def trust(tls: TlsFiles) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(tls.authority))


async def connect(
    listener: Listener, tls: TlsFiles, source: str = "127.0.0.1"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """source: every address of 127.0.0.0/8 is this machine, and another client."""
    return await asyncio.open_connection(
        "127.0.0.1", listener.port, ssl=trust(tls), server_hostname="localhost", local_addr=(source, 0)
    )


async def refused(listener: Listener, tls: TlsFiles, source: str = "127.0.0.1") -> bool:
    """Whether a connection is closed on arrival."""
    try:
        _, writer = await connect(listener, tls, source)
    except (ConnectionError, ssl.SSLError):
        return True
    writer.close()
    return False


async def still_served(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bool:
    """Whether a connection that is open is answered on."""
    reader, writer = connection
    try:
        writer.write(GET)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        await reader.readexactly(len(b'"page"'))
    except (ConnectionError, asyncio.IncompleteReadError):
        return False
    return head.startswith(b"HTTP/1.1 200")


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


@pytest.mark.alone
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


async def test_a_body_that_ends_after_its_answer_leaves_the_connection_idle(listener: Listener, tls: TlsFiles) -> None:
    """Answered 401 before the body was there: when it has come, the clock between two requests runs."""
    reader, writer = await connect(listener, tls)
    writer.write(b"POST /api/v1/things HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n")
    assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).startswith(b"HTTP/1.1 401")
    writer.write(b"body")
    assert 0.5 < await closed_after(reader) < 3
    writer.close()


async def test_a_target_may_name_us(listener: Listener, tls: TlsFiles) -> None:
    """RFC 9112, 3.2.2: of an absolute target the path counts, and none is "/"; a fragment is no part of one."""
    for target in (b"https://localhost/", b"https://localhost", b"/#fragment", b"/?a=b?c"):
        request = GET.replace(b" / ", b" " + target + b" ").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        answer = await ask(listener, tls, request)
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(b'"page"')


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


@contextlib.asynccontextmanager
async def granting(make_edge: Callable[..., Any], tls: TlsFiles, **terms: Any) -> AsyncIterator[Listener]:
    """A listener with caps of its own."""
    built = Listener(make_edge().app, Address("127.0.0.1", 0), tls, terms=Terms(Deadlines(headers_s=20), **terms))
    async with served(built):
        yield built


async def test_a_client_beyond_its_share_is_cut_at_once_and_others_come_in(
    make_edge: Callable[..., Any], tls: TlsFiles
) -> None:
    """The fourth connection of one address is reset; those that are in go on; another address is served."""
    async with granting(make_edge, tls, connections_of_a_client=3) as built:
        inside = [await connect(built, tls) for _ in range(3)]
        assert await refused(built, tls)
        assert [await still_served(each) for each in inside] == [True, True, True]
        other = await connect(built, tls, "127.0.0.2")
        assert await still_served(other)
        inside[0][1].close()
        while len(built._door._crowd) > 3:  # noqa: ASYNC110  # the server offers no event
            await asyncio.sleep(0.005)
        again = await connect(built, tls)
        assert await still_served(again)
        for _, writer in (*inside, other, again):
            writer.close()


async def test_a_connection_that_ended_gives_its_place_back(make_edge: Callable[..., Any], tls: TlsFiles) -> None:
    """Fifty, one after the other, through two places: also those whose handshake failed."""
    async with granting(make_edge, tls, connections_of_a_client=2) as built, asyncio.timeout(60):
        for number in range(50):
            if number % 2:
                _, plain = await asyncio.open_connection("127.0.0.1", built.port)
                plain.write(b"this is no TLS")
                plain.close()
            else:
                _, writer = await connect(built, tls)
                writer.close()
            while len(built._door._crowd):  # noqa: ASYNC110  # the server offers no event
                await asyncio.sleep(0.005)


async def test_when_it_is_full_a_modest_client_takes_a_place_of_the_greediest(
    make_edge: Callable[..., Any], tls: TlsFiles
) -> None:
    """Bounded memory, and yet a newcomer is served: the oldest idle connection of whoever has most makes room."""
    async with granting(make_edge, tls, connections=6) as built:
        greedy = [await connect(built, tls, "127.0.0.2") for _ in range(6)]
        assert await refused(built, tls, "127.0.0.2")
        modest = await connect(built, tls, "127.0.0.3")
        assert await still_served(modest)
        assert await closed_after(greedy[0][0]) < 1
        assert [await still_served(each) for each in greedy[1:]] == [True] * 5
        for _, writer in (*greedy, modest):
            writer.close()


async def test_handshakes_that_never_come_count_from_the_start(make_edge: Callable[..., Any], tls: TlsFiles) -> None:
    """Connections that speak no TLS fill a client's share like any other, and no more than that."""
    async with granting(make_edge, tls, connections_of_a_client=3) as built:
        silent = [await asyncio.open_connection("127.0.0.1", built.port) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert await refused(built, tls)
        other = await connect(built, tls, "127.0.0.2")
        assert await still_served(other)
        for _, writer in (*silent, other):
            writer.close()


async def test_a_proxy_of_ours_has_no_share(make_edge: Callable[..., Any], tls: TlsFiles) -> None:
    """It brings many people: only the total bounds it."""
    terms = {"connections_of_a_client": 1, "connections": 4, "proxies": [ip_network("127.0.0.9/32")]}
    async with granting(make_edge, tls, **terms) as built:
        inside = [await connect(built, tls, "127.0.0.9") for _ in range(4)]
        assert [await still_served(each) for each in inside] == [True] * 4
        assert await refused(built, tls, "127.0.0.9")
        for _, writer in inside:
            writer.close()


async def test_each_part_of_a_request_has_the_deadline_of_its_own(make_edge: Callable[..., Any], tls: TlsFiles) -> None:
    """A body may take longer than headers may; and headers on a connection that was idle no longer than any."""
    terms = Terms(Deadlines(headers_s=0.3, message_s=30, idle_s=30))
    built = Listener(make_edge().app, Address("127.0.0.1", 0), tls, terms=terms)
    async with served(built):
        reader, writer = connection = await connect(built, tls)
        head = SLOW_BODY.replace(b"9000\r\n", b"12\r\ncontent-type: application/json\r\n")
        writer.write(head + b'{"name"')
        await asyncio.sleep(0.8)
        writer.write(b':"a"}')
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).startswith(b"HTTP/1.1 200 ")
        await reader.readexactly(len(b'{"name_length":1}'))
        assert await still_served(connection)
        writer.write(GET[:20])
        assert await closed_after(reader) < 5


async def test_a_layer_that_fails_is_answered_in_our_form(tls: TlsFiles, capsys: pytest.CaptureFixture[str]) -> None:
    """Not in the server's: a problem, HSTS, and no text of the exception in a log."""

    async def broken(_scope: Any, _receive: Any, _send: Any) -> None:
        raise RuntimeError("secret-in-the-exception")

    built = Listener(broken, Address("127.0.0.1", 0), tls)
    async with served(built):
        answer = await ask(built, tls, GET)
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"application/problem+json" in answer
    assert b"strict-transport-security: max-age=63072000" in answer
    out = capsys.readouterr()
    assert "RuntimeError" in out.err
    assert "secret" not in out.out + out.err + answer.decode()


async def test_new_certificates_under_traffic_fail_no_request(
    tls: TlsFiles, make_edge: Callable[..., Any], tmp_path: Path
) -> None:
    """Rotations by the watch on the files, while open connections and new ones ask on: of 100 and more 0 fail."""
    terms = Terms(certificate_check_s=0.02)
    built = Listener(
        make_edge(limits=Limits(pages=Policy("pages", 10**6, 60))).app, Address("127.0.0.1", 0), tls, terms=terms
    )
    serials: set[str] = set()
    outcomes: list[bool] = []
    rotating = True

    async def keeps() -> None:
        connection = await connect(built, tls)
        while rotating:
            outcomes.append(await still_served(connection))
        connection[1].close()

    async def comes_anew() -> None:
        while rotating:
            connection = await connect(built, tls)
            serials.add(connection[1].get_extra_info("ssl_object").getpeercert()["serialNumber"])
            outcomes.append(await still_served(connection))
            connection[1].close()

    async with served(built), asyncio.timeout(60):
        asking = [asyncio.create_task(each()) for each in (keeps, keeps, comes_anew, comes_anew)]
        while (len(serials) < 10 or len(outcomes) < 100) and outcomes.count(False) == 0:
            LocalAuthority.open(tmp_path / "tls").issue("localhost", hosts=["127.0.0.1"])
            await asyncio.sleep(0.05)
        rotating = False
        await asyncio.gather(*asking)
    assert outcomes.count(False) == 0


async def test_an_address_that_is_taken_is_refused(
    listener: Listener, make_edge: Callable[..., Any], tls: TlsFiles
) -> None:
    """In a sentence that says what to look at."""
    second = Listener(make_edge().app, Address("127.0.0.1", listener.port), tls)
    with pytest.raises(StartRefused, match="cannot be bound"):
        await second.serve()


async def test_a_door_that_is_stuck_ends_the_server(make_edge: Callable[..., Any], tls: TlsFiles) -> None:
    """A fault of ours while accepting must not leave a process that looks alive and lets nobody in."""
    built = Listener(make_edge().app, Address("127.0.0.1", 0), tls)
    serving = asyncio.create_task(built.serve())
    while not built.started:  # noqa: ASYNC110  # uvicorn offers no event
        await asyncio.sleep(0.01)

    def faulty(arrived: socket.socket, _host: str) -> None:
        arrived.close()
        raise ZeroDivisionError

    built._door._greet = faulty  # type: ignore[method-assign]  # what a fault of ours would be
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        await connect(built, tls)
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(serving, 5)


def test_the_limit_of_descriptors_is_raised_as_far_as_it_may_be() -> None:
    """1024 by default is less than the connections that we take: raised, or fewer are taken, never too many."""
    program = (
        "import resource; from gateway.edge.descriptors import room_for\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (300, 1000))\n"
        "print(room_for(500), resource.getrlimit(resource.RLIMIT_NOFILE)[0], room_for(5000), room_for(10))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.split() == ["500", "756", "744", "10"]


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


async def test_what_every_answer_carries_is_on_every_answer(make_edge: Callable[..., Any], tls: TlsFiles) -> None:
    """On an application's answer, and on what is refused before it becomes a request."""
    listener = Listener(make_edge().app, Address("127.0.0.1", 0), tls, terms=Terms(headers=(("X-Everywhere", "here"),)))
    async with served(listener):
        for request, status in (
            (GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"), b"200"),
            (b"GET / HTTP/7\r\n\r\n", b"400"),
        ):
            reader, writer = await connect(listener, tls)
            writer.write(request)
            answer = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            assert answer.split(b" ", 2)[1] == status
            assert answer.lower().count(b"\r\nx-everywhere: here\r\n") == 1
