"""Ctrl-C, SIGTERM and a closed terminal all end a command in good order: the first raises KeyboardInterrupt in it.

Guarantees: never between the start of a process and the moment when we know of it, and never while processes are being
ended: from then on a signal only says that there is a hurry. So none is left behind. Works in the main thread only, as
signals do.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

T = TypeVar("T")
_Handler = Callable[[int, FrameType | None], object]


class _Orderly:
    """The handler: raises once at most, and not at all once work is being ended."""

    def __init__(self) -> None:
        self.ending = False
        self.hurry = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        if self.ending:
            self.hurry = True
            return
        self.ending = True
        raise KeyboardInterrupt


@contextmanager
def in_good_order() -> Iterator[None]:
    """Inside, the first of the signals raises KeyboardInterrupt; what follows only makes hurried() true."""
    with _handled_by(_Orderly()):
        yield


def no_more() -> None:
    """Nothing is raised from here to the end of the innermost in_good_order(): what was started is being ended."""
    handler = signal.getsignal(SIGNALS[0])
    if isinstance(handler, _Orderly):
        handler.ending = True


def hurried() -> bool:
    """Whether a signal came while things were being ended."""
    handler = signal.getsignal(SIGNALS[0])
    return isinstance(handler, _Orderly) and handler.hurry


@contextmanager
def held() -> Iterator[None]:
    """Inside, a signal waits; it comes on the way out."""
    came: list[int] = []
    with _handled_by(lambda number, _: came.append(number)):
        yield
    for number in came:
        signal.raise_signal(number)


def run(work: Coroutine[Any, Any, T]) -> T:
    """asyncio.run, but a signal cancels the work first: an event loop doesn't bear an exception out of nowhere."""
    came: list[int] = []
    done: list[T] = []
    with held():
        try:
            done.append(asyncio.run(_cancelled_by_signals(work, came)))
        except asyncio.CancelledError:
            if not came:
                raise
    for number in came:
        signal.raise_signal(number)
    if not done:
        raise KeyboardInterrupt
    return done[0]


async def _cancelled_by_signals(work: Coroutine[Any, Any, T], came: list[int]) -> T:
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)

    def cancel(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        loop.call_soon_threadsafe(task.cancel)

    with _handled_by(cancel):
        return await task


@contextmanager
def _handled_by(handler: _Handler) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
