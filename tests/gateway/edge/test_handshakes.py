"""In which order handshakes begin, and how many at once."""

import asyncio
import socket

import pytest

from gateway.edge.handshakes import BURST, PAUSE_S, Handshakes, Seat


def seat(client: bytes = b"") -> Seat:
    return Seat(socket.socket(), client)


class Begun:
    """Remembers who began, and in which turn of the loop's clock."""

    def __init__(self) -> None:
        self.clients: list[bytes] = []
        self.times: list[float] = []

    async def __call__(self, one: Seat) -> None:
        self.clients.append(one.client)
        self.times.append(asyncio.get_running_loop().time())
        one.arrived.close()


async def test_whoever_has_the_fewest_connections_comes_first() -> None:
    """A newcomer passes a flood of clients that have many, and those keep their order."""
    begun = Begun()
    handshakes = Handshakes(begun)
    for number in range(20):
        handshakes.add(seat(b"greedy%d" % number), 19)
    handshakes.add(seat(b"newcomer"), 0)
    async with asyncio.timeout(5):
        while len(begun.clients) < 21:  # noqa: ASYNC110  # it offers no event
            await asyncio.sleep(PAUSE_S)
    assert begun.clients == [b"newcomer", *(b"greedy%d" % number for number in range(20))]
    await handshakes.end()


async def test_a_flood_begins_a_few_at_a_time() -> None:
    """Between two bursts the loop is everybody's: no window of half a pause sees more than one burst begin."""
    begun = Begun()
    handshakes = Handshakes(begun)
    for _ in range(3 * BURST):
        handshakes.add(seat(), 0)
    async with asyncio.timeout(5):
        while len(begun.times) < 3 * BURST:  # noqa: ASYNC110  # it offers no event
            await asyncio.sleep(PAUSE_S)
    assert all(later - earlier > PAUSE_S / 2 for earlier, later in zip(begun.times, begun.times[BURST:], strict=False))
    await handshakes.end()


async def test_who_was_cut_while_waiting_is_closed_and_never_begun() -> None:
    """Room that was made is room; and at the end nothing is left open."""
    begun = Begun()
    handshakes = Handshakes(begun)
    first, second = seat(b"cut"), seat(b"waits")
    handshakes.add(first, 0)
    first.cut()
    assert first.arrived.fileno() == -1
    await asyncio.sleep(3 * PAUSE_S)
    assert begun.clients == []
    handshakes.add(second, 0)
    await handshakes.end()
    assert second.arrived.fileno() == -1


async def test_a_fault_in_beginning_is_not_hidden() -> None:
    """The listener looks, and ends."""

    def faulty(_: Seat) -> None:
        raise ZeroDivisionError

    handshakes = Handshakes(faulty)  # type: ignore[arg-type]  # what a fault of ours would be
    one = seat()
    handshakes.add(one, 0)
    await asyncio.sleep(3 * PAUSE_S)
    one.arrived.close()
    with pytest.raises(ZeroDivisionError):
        handshakes.check()
