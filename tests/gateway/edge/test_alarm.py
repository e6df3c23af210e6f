"""One timer for all of a connection's deadlines: it rings in time, once, and only when it is set."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gateway.edge.alarm import Alarm


class Clock:
    """A loop that has only time, and moves by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, Callable[[], object], Timer]] = []
        self.made = 0

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, call: Callable[[], object]) -> "Timer":
        self.made += 1
        timer = Timer()
        self.timers.append((self.now + seconds, call, timer))
        return timer

    def advance(self, to: float) -> None:
        while due := sorted((timer for timer in self.timers if timer[0] <= to), key=lambda timer: timer[0]):
            self.timers.remove(due[0])
            self.now = due[0][0]
            if not due[0][2].cancelled:
                due[0][1]()
        self.now = to


class Timer:
    cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


@pytest.fixture
def clock() -> Any:
    return Clock()


def test_it_rings_when_it_is_over_and_once(clock: Any) -> None:
    """Not a look later, however much longer it was set for than the shortest."""
    rung: list[float] = []
    alarm = Alarm(clock, 10)
    alarm.set(25, lambda: rung.append(clock.now))
    clock.advance(24.9)
    assert alarm.is_set
    clock.advance(100)
    assert rung == [25]
    assert not alarm.is_set
    assert clock.timers == []


def test_what_it_was_set_to_last_counts(clock: Any) -> None:
    """Also when that is sooner than before: it looks in time for the shortest setting there is."""
    rung: list[str] = []
    alarm = Alarm(clock, 10)
    alarm.set(30, lambda: rung.append("idle"))
    clock.advance(12)
    alarm.set(10, lambda: rung.append("headers"))
    clock.advance(21.9)
    assert rung == []
    clock.advance(22)
    assert rung == ["headers"]
    clock.advance(100)
    assert rung == ["headers"]


def test_stopped_it_is_silent_and_can_be_set_again(clock: Any) -> None:
    """Neither stopping nor setting makes a timer: a thousand requests take as many as their time."""
    rung: list[float] = []
    alarm = Alarm(clock, 10)
    for number in range(1000):
        alarm.set(10, lambda: rung.append(clock.now))
        alarm.stop()
        clock.advance(number / 100)
    assert clock.made == 1
    clock.advance(50)
    assert rung == []
    alarm.set(10, lambda: rung.append(clock.now))
    clock.advance(60)
    assert rung == [60]


def test_ended_it_holds_nothing(clock: Any) -> None:
    """A connection that is gone is not kept by its clock."""
    alarm = Alarm(clock, 10)
    alarm.set(10, pytest.fail)
    alarm.end()
    assert [timer.cancelled for _, _, timer in clock.timers] == [True]
    clock.advance(100)


async def test_a_real_loop_rings_too() -> None:
    """With the timers that a server has."""
    rung = asyncio.Event()
    Alarm(asyncio.get_running_loop(), 0.01).set(0.03, rung.set)
    await asyncio.wait_for(rung.wait(), 5)
