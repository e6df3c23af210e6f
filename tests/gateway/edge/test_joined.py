"""What is written in one turn leaves together, and nothing is lost or kept."""

import asyncio
from typing import Any

import pytest

from gateway.edge.joined import Joined


class Wire(asyncio.Transport):
    """Notes what reaches it, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def write(self, data: Any) -> None:
        self.seen.append(bytes(data))

    def close(self) -> None:
        self.seen.append("closed")

    def abort(self) -> None:
        self.seen.append("aborted")

    def get_write_buffer_size(self) -> int:
        return 5


@pytest.fixture
def wire() -> Wire:
    return Wire()


async def test_head_and_body_are_one_write(wire: Wire) -> None:
    """A part that stays alone leaves at the end of the turn."""
    joined = Joined(wire, asyncio.get_running_loop())
    joined.write(b"head ")
    assert wire.seen == []
    assert joined.get_write_buffer_size() == 5 + len(b"head ")
    joined.write(b"body")
    assert wire.seen == [b"head body"]
    joined.write(b"alone")
    await asyncio.sleep(0)
    assert wire.seen == [b"head body", b"alone"]


async def test_a_stream_is_not_piled_up(wire: Wire) -> None:
    """However much is written in one turn, one part waits: a client that doesn't read is felt at once."""
    joined = Joined(wire, asyncio.get_running_loop())
    for _ in range(1000):
        joined.write(b"x" * 1000)
        assert joined.get_write_buffer_size() <= 5 + 1000


async def test_closing_sends_first_what_was_written(wire: Wire) -> None:
    """An answer with `connection: close` arrives."""
    joined = Joined(wire, asyncio.get_running_loop())
    joined.write(b"last words")
    joined.close()
    await asyncio.sleep(0)
    assert wire.seen == [b"last words", "closed"]


async def test_aborting_sends_nothing_more(wire: Wire) -> None:
    """Who is cut is cut."""
    joined = Joined(wire, asyncio.get_running_loop())
    joined.write(b"never")
    joined.abort()
    await asyncio.sleep(0)
    assert wire.seen == ["aborted"]
