"""Many at the same moment: threads, each with a connection of its own that is open already, so that none is late."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import Any, TypeVar

from sqlalchemy import Engine

T = TypeVar("T")


def at_once(engine: Engine, count: int, act: Callable[[int], T]) -> list[T]:
    """What each of `count` got."""
    pool: Any = engine.pool  # a queue's, which says how many it keeps
    with ExitStack() as held:
        for _ in range(min(count, pool.size())):
            held.enter_context(engine.connect())
    barrier = Barrier(count)

    def one(number: int) -> T:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))
