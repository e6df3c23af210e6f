"""What leaves as an answer: head and body in one piece, streams at once, and no header that isn't one."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from gateway.edge.cycle import Cycle
from gateway.edge.headers import NO_STORE, SECURITY_HEADERS, Header


class Wire(asyncio.Transport):
    """Notes what reaches it, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[bytes | str] = []

    def write(self, data: Any) -> None:
        self.seen.append(bytes(data))

    def close(self) -> None:
        self.seen.append("closed")


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def begin(wire: Wire) -> Callable[..., Cycle]:
    """Makes the answer to one request."""

    def made(method: str = "GET", *, keep_alive: bool = True) -> Cycle:
        return Cycle(
            scope={"type": "http", "method": method},  # no more is looked at
            transport=wire,
            flow=FlowControl(wire),
            default_headers=[],
            keep_alive=keep_alive,
            on_response=lambda: wire.seen.append("done"),
            tasks=set(),
        )

    return made


def start(*headers: Header, status: int = 200) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": headers}


def body(data: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def test_head_and_body_are_one_write(wire: Wire, begin: Callable[..., Cycle]) -> None:
    """The next part is a write of its own."""
    cycle = begin()
    await cycle.send(start((b"Content-Length", b"8")))
    assert wire.seen == []
    await cycle.send(body(b"body", more=True))
    assert wire.seen == [b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nbody"]
    await cycle.send(body(b"rest"))
    assert wire.seen[1:] == [b"rest", "done"]


async def test_a_stream_begins_at_once(wire: Wire, begin: Callable[..., Cycle]) -> None:
    """Events may be long in coming: that there is a stream is known before the first one."""
    cycle = begin()
    await cycle.send(start())
    assert wire.seen == [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"]
    await cycle.send(body(b"one", more=True))
    await cycle.send(body(b""))
    assert wire.seen[1:] == [b"3\r\none\r\n", b"0\r\n\r\n", "done"]


async def test_a_head_alone_leaves_without_a_body(wire: Wire, begin: Callable[..., Cycle]) -> None:
    """HEAD says the length of what GET would have had; 204 has none."""
    cycle = begin("HEAD")
    await cycle.send(start((b"content-length", b"8")))
    await cycle.send(body(b"not said"))
    assert wire.seen == [b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n", "done"]
    wire.seen.clear()
    cycle = begin()
    await cycle.send(start(status=204))
    await cycle.send(body(b""))
    assert wire.seen == [b"HTTP/1.1 204 No Content\r\n\r\n", "done"]


@pytest.mark.parametrize("said", [(), ((b"connection", b"close"),)])
async def test_the_last_answer_says_so_once_and_closes(
    wire: Wire, begin: Callable[..., Cycle], said: tuple[Header, ...]
) -> None:
    """Whether the client or the application wants it so."""
    cycle = begin(keep_alive=bool(said))
    await cycle.send(start((b"content-length", b"2"), *said))
    await cycle.send(body(b"ok"))
    assert isinstance(wire.seen[0], bytes)
    assert wire.seen[0].count(b"connection: close\r\n") == 1
    assert wire.seen[1:] == ["closed", "done"]


@pytest.mark.parametrize(
    "header",
    [
        (b"x-a", b"1\r\nset-cookie: a=b"),
        (b"x-a", b"1\nx"),
        (b"x-a", b"\x00"),
        (b"x-a", b"\x7f"),
        (b"x-a\r\nset-cookie", b"a=b"),
        (b"x a", b"1"),
        (b"x-a:", b"1"),
    ],
)
async def test_nothing_ends_a_header_but_its_end(wire: Wire, begin: Callable[..., Cycle], header: Header) -> None:
    """Neither in a value nor in a name; and a second attempt is none the better for the first."""
    for _ in range(2):
        with pytest.raises(RuntimeError, match="header"):
            await begin().send(start((b"content-length", b"0"), header))
    assert wire.seen == []


def test_what_is_written_without_a_look_is_fit() -> None:
    """The constants are held to what every other header is."""
    from gateway.edge.cycle import _EVERYWHERE, _WRITTEN

    assert {*SECURITY_HEADERS, NO_STORE} <= set(_EVERYWHERE)
    for name, value in _EVERYWHERE:
        assert _WRITTEN[name, value] == Cycle._line(Cycle.__new__(Cycle), name, value)


@pytest.mark.parametrize(("said", "left"), [(b"1", 0), (b"3", 1)])
async def test_a_body_is_as_long_as_was_said(wire: Wire, begin: Callable[..., Cycle], said: bytes, left: int) -> None:
    """Otherwise the rest would be taken for the next answer, or waited for. What is too long does not leave at all."""
    cycle = begin()
    await cycle.send(start((b"content-length", said)))
    with pytest.raises(RuntimeError, match="Content-Length"):
        await cycle.send(body(b"ok"))
    assert len(wire.seen) == left
    assert not cycle.response_complete


async def test_messages_come_in_their_order(begin: Callable[..., Cycle]) -> None:
    """A body before its head, a second head, and whatever comes after the end."""
    cycle = begin()
    with pytest.raises(RuntimeError, match="Out of order"):
        await cycle.send(body(b""))
    await cycle.send(start((b"content-length", b"0")))
    with pytest.raises(RuntimeError, match="Out of order"):
        await cycle.send(start())
    await cycle.send(body(b""))
    with pytest.raises(RuntimeError, match="Out of order"):
        await cycle.send(body(b""))


async def test_a_whole_answer_is_one_message_and_one_write(wire: Wire, begin: Callable[..., Cycle]) -> None:
    """And the end: nothing may follow it."""
    cycle = begin()
    await cycle.send({**start((b"content-length", b"2")), "body": b"ok"})
    assert wire.seen == [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "done"]
    with pytest.raises(RuntimeError, match="Out of order"):
        await cycle.send(body(b""))


@pytest.mark.parametrize("said", [b"1", b"3"])
async def test_a_whole_answer_is_as_long_as_was_said(begin: Callable[..., Cycle], said: bytes) -> None:
    """As one in parts."""
    with pytest.raises(RuntimeError, match="Content-Length"):
        await begin().send({**start((b"content-length", said)), "body": b"ok"})


async def test_an_application_that_says_nothing_is_answered_for(wire: Wire, begin: Callable[..., Cycle]) -> None:
    """A problem, and the connection's end."""

    async def silent(_scope: Any, _receive: Any, _send: Any) -> None:
        pass

    await begin().run_asgi(silent)
    assert isinstance(wire.seen[0], bytes)
    assert wire.seen[0].startswith(b"HTTP/1.1 500 ")
    assert b"application/problem+json" in wire.seen[0]
    assert wire.seen[1] == "closed"


@pytest.mark.parametrize("fault", [RuntimeError, asyncio.CancelledError, None])
async def test_what_is_not_said_to_its_end_is_cut(
    wire: Wire, begin: Callable[..., Cycle], fault: type[BaseException] | None
) -> None:
    """Failed, cancelled or simply over: no second answer follows the first, and the task is nobody's any more."""

    async def half(_scope: Any, _receive: Any, send: Any) -> None:
        await send(start())
        await send(body(b"half", more=True))
        if fault:
            raise fault

    cycle = begin()
    cycle.task = asyncio.create_task(cycle.run_asgi(half))
    cycle._tasks.add(cycle.task)
    await asyncio.wait([cycle.task])
    assert wire.seen[1:] == [b"4\r\nhalf\r\n", "closed"]
    assert cycle._tasks == set()
    assert cycle.task is None


async def test_a_request_that_has_come_is_received_at_once(begin: Callable[..., Cycle]) -> None:
    """Though nobody waited while it came; then whoever waits on learns that all is said."""
    cycle = begin()
    cycle.body += b"whole"
    cycle.more_body = False
    cycle.wake()
    received = await asyncio.wait_for(cycle.receive(), 1)
    assert received == {"type": "http.request", "body": b"whole", "more_body": False}
    waiting = asyncio.create_task(cycle.receive())  # type: ignore[arg-type]  # uvicorn's is a coroutine
    await asyncio.sleep(0)
    assert not waiting.done()
    await cycle.send({**start((b"content-length", b"0")), "body": b""})
    assert await asyncio.wait_for(waiting, 1) == {"type": "http.disconnect"}
