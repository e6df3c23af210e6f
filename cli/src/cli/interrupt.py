"""Ctrl-C, SIGTERM and a closed terminal all end a command in good order: each raises KeyboardInterrupt in it.

Guarantees: never between the start of a process and the moment when we know of it, so none is left behind. Works in the
main thread only, as signals do.
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


@contextmanager
def in_good_order() -> Iterator[None]:
    """Inside, each of the signals raises KeyboardInterrupt."""
    with _handled_by(_interrupt):
        yield


@contextmanager
def held() -> Iterator[None]:
    """Inside, a signal waits; it is raised on the way out."""
    came: list[int] = []
    with _handled_by(lambda number, _: came.append(number)):
        yield
    if came:
        raise KeyboardInterrupt


def run(work: Coroutine[Any, Any, T]) -> T:
    """asyncio.run, but a signal cancels the work first: an event loop doesn't bear an exception out of nowhere."""
    with held():
        try:
            return asyncio.run(_cancelled_by_signals(work))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


async def _cancelled_by_signals(work: Coroutine[Any, Any, T]) -> T:
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    with _handled_by(lambda *_: loop.call_soon_threadsafe(task.cancel)):
        return await task


@contextmanager
def _handled_by(handler: _Handler) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
