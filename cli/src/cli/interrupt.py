"""Ctrl-C, SIGTERM and a closed terminal all end a command in good order: each raises KeyboardInterrupt in it.

Guarantees: never between the start of a process and the moment when we know of it, so none is left behind. Works in the
main thread only, as signals do.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_Handler = Callable[[int, FrameType | None], None]


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
