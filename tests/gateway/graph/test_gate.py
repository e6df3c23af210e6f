"""Graph's limits for a mailbox hold, whoever asks for how much."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.graph.errors import Throttled
from gateway.graph.gate import CONCURRENT, MAX_PAUSE, WINDOW, Gate, Window
from gateway.graph.retry import MAX_WAIT


@given(st.lists(st.tuples(st.integers(1, 20), st.floats(0, 200)), max_size=60), st.integers(20, 100))
def test_no_window_holds_more_than_the_limit(calls: list[tuple[int, float]], limit: int) -> None:
    """Whenever the calls come: of any 10 minutes the sum is within the limit, and every call gets through."""
    window, now, spent = Window(limit), 0.0, list[tuple[float, int]]()
    for cost, gap in calls:
        now += gap
        while (delay := window.wait(cost, now)) > 0:
            now += delay
        window.spend(cost, now)
        spent.append((now, cost))
        assert sum(cost for time, cost in spent if time > now - WINDOW) <= limit


def test_burst_of_the_whole_limit_is_allowed() -> None:
    """10,000 at once, then nothing for 10 minutes."""
    window = Window()
    for _ in range(500):
        assert window.wait(20, 0.0) == 0.0
        window.spend(20, 0.0)
    assert WINDOW <= window.wait(1, 0.0) <= WINDOW + 1


async def test_never_more_than_four_inside(clock: Any) -> None:
    """Single calls and batches of several places together stay within four."""
    gate, inside, most = Gate(clock), 0, 0

    async def caller(weight: int) -> None:
        nonlocal inside, most
        async with gate.enter(weight=weight, cost=1):
            inside += weight
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= weight

    await asyncio.gather(*(caller(1 + number % 4) for number in range(40)))
    assert most == CONCURRENT


async def test_a_caller_who_leaves_the_queue_holds_nothing(clock: Any) -> None:
    """Cancelled while waiting or inside, a caller gives its places back."""
    gate, entered = Gate(clock), asyncio.Event()

    async def stay() -> None:
        async with gate.enter(weight=4, cost=1):
            entered.set()
            await asyncio.Event().wait()

    inside = asyncio.create_task(stay())
    await entered.wait()
    queued = [asyncio.create_task(stay()) for _ in range(3)]
    await asyncio.sleep(0)
    for task in (*queued, inside):
        task.cancel()
    await asyncio.gather(inside, *queued, return_exceptions=True)
    async with asyncio.timeout(5), gate.enter(weight=4, cost=1):
        pass


async def test_pause_holds_everybody(clock: Any) -> None:
    """While Graph asks for a pause no call of this mailbox goes out."""
    gate = Gate(clock)
    gate.pause(30.0)
    gate.pause(10.0)
    async with gate.enter(weight=1, cost=1):
        assert clock.now == 1_030.0


async def test_long_pause_is_the_callers_to_wait(clock: Any) -> None:
    """What can't be waited for within a call is said, with its length, and never longer than an hour."""
    gate = Gate(clock)
    gate.pause(1e9)
    with pytest.raises(Throttled) as throttled:
        async with gate.enter(weight=1, cost=1):
            pass
    assert throttled.value.retry_after == MAX_PAUSE > MAX_WAIT
    assert clock.slept == []
    clock.now += MAX_PAUSE
    async with gate.enter(weight=4, cost=1):
        pass


async def test_budget_counts_each_item(clock: Any) -> None:
    """A batch of 20 costs 20."""
    gate = Gate(clock, limit=40)
    for _ in range(2):
        async with gate.enter(weight=1, cost=20):
            pass
    with pytest.raises(Throttled):
        async with gate.enter(weight=1, cost=1):
            pass
