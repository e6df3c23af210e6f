"""Database work off the event loop: one function, one transaction, one thread.

Guarantees: all of it or nothing; a database that can't be reached, or has no connection left for us in
POOL_WAIT_S, is Unavailable, with none of its words.
"""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from chassis.errors import Unavailable
from gateway.store.engine import reading

DATABASE_UNAVAILABLE: Final = "The database can't be reached at the moment. Try again in a minute."

T = TypeVar("T")


async def write(engine: Engine, work: Callable[[Connection], T]) -> T:
    """What `work` returns, committed. Rolled back when it raises."""

    def run() -> T:
        with engine.begin() as connection:
            return work(connection)

    return await _in_thread(run)


async def read(engine: Engine, work: Callable[[Connection], T]) -> T:
    """What `work` returns, from one consistent snapshot."""

    def run() -> T:
        with reading(engine) as connection:
            return work(connection)

    return await _in_thread(run)


async def _in_thread(run: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(run)
    except (OperationalError, InterfaceError, PoolExhausted):
        raise Unavailable(DATABASE_UNAVAILABLE) from None
