"""No connection left: callers are told within seconds that it is the database, and nothing waits for ever."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from chassis.errors import Unavailable
from gateway.store import engine as store
from gateway.store import postgresql as postgresql_store
from gateway.store import transaction

MORE_THAN_THERE_ARE = 100
SLACK_S = 5.0  # of a busy machine


@pytest.fixture(params=["sqlite", "postgresql"])
def pooled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine with the gateway's own pool, on either database."""
    if request.param == "sqlite":
        engine = store.open(tmp_path / "organiser.db")
    else:
        url = request.getfixturevalue("postgresql").url
        engine = postgresql_store.open(url, connections=store.POOL_SIZE)
    yield engine
    engine.dispose()


def one(connection: Any) -> int:
    return int(connection.execute(text("SELECT 1")).scalar_one())


async def test_a_pool_that_is_used_up_is_unavailable_in_time_and_recovers(pooled: Engine) -> None:
    """Every connection is held: readers and writers wait POOL_WAIT_S and no longer; with one given back all is well."""
    with ExitStack() as held:
        for _ in range(store.POOL_SIZE):
            held.enter_context(pooled.connect())
        begun = time.monotonic()
        asked = [transaction.read(pooled, one), transaction.write(pooled, one), transaction.read(pooled, one)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        took = time.monotonic() - begun
    assert [(type(answer), str(answer)) for answer in answers] == [(Unavailable, transaction.DATABASE_UNAVAILABLE)] * 3
    assert store.POOL_WAIT_S <= took < store.POOL_WAIT_S + SLACK_S
    assert await transaction.write(pooled, one) == 1


async def test_many_at_once_wait_for_a_connection_and_all_are_answered(pooled: Engine) -> None:
    """Four times as many as there are connections: a queue, and no deadlock."""
    asked = [transaction.read(pooled, one) for _ in range(4 * store.POOL_SIZE)]
    assert await asyncio.wait_for(asyncio.gather(*asked), timeout=30) == [1] * len(asked)
    assert pooled.pool.checkedin() <= store.POOL_SIZE  # type: ignore[attr-defined]  # of a QueuePool


def take_all(crowd: Engine, held: ExitStack) -> None:
    for _ in range(MORE_THAN_THERE_ARE):
        held.enter_context(crowd.connect())


async def test_a_server_without_a_place_for_us_is_unavailable_and_recovers(postgresql: Engine) -> None:
    """PostgreSQL's own max_connections, used up by others to the last one."""
    crowd = create_engine(postgresql.url, poolclass=NullPool, hide_parameters=True)
    postgresql.dispose()
    ours = postgresql_store.open(postgresql.url, connections=store.POOL_SIZE)
    with ExitStack() as held:
        with pytest.raises(OperationalError):
            take_all(crowd, held)
        for work in (transaction.read, transaction.write):
            with pytest.raises(Unavailable, match="can't be reached"):
                await work(ours, one)
    assert await transaction.write(ours, one) == 1
    ours.dispose()
