"""Durable work: what it stores, what it refuses to load, one piece at a time for a mailbox, taken up after a crash."""

import asyncio
import base64
import os
import pickle
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS
from sqlalchemy import Engine

from chassis.errors import Unavailable
from gateway.store import engine as store
from gateway.work import MAX_STORED, Codec, Json, PickleRefused, StepFailed, Steps, Work, Workflow

SECRET = "Your invoice of October"
PATIENCE = 30.0
OPEN = "SELECT 1 FROM workflow_status WHERE status IN ('PENDING', 'ENQUEUED')"
TAKEN_UP = "SELECT 1 FROM workflow_status WHERE workflow_uuid = 'evil' AND status <> 'ENQUEUED'"


@asynccontextmanager
async def running(engine: Engine, workflows: dict[str, Workflow]) -> AsyncIterator[Work]:
    """Work on a real database, launched with these workflows, drained at the end."""
    work = Work(engine, executor="test-0")
    for name, workflow in workflows.items():
        work.register(name, workflow)
    await work.launch()
    try:
        yield work
    finally:
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def durable(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """Where work is kept: a file, or PostgreSQL."""
    if request.param == "sqlite":
        return store.open_durable(tmp_path / "work.sqlite")
    engine: Engine = request.getfixturevalue("postgresql")
    return engine


async def until(condition: Callable[[], Any]) -> Any:
    """What condition answers, once it is true; another process's table has no event to await."""
    for _ in range(int(PATIENCE / 0.02)):
        if found := condition():
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("waited too long")


def stored(folder: Path) -> bytes:
    """Every byte of the database and its logs."""
    return b"".join(file.read_bytes() for file in folder.iterdir())


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path, timeout=10)) as connection:
        return connection.execute(sql).fetchall()


async def test_an_error_is_stored_as_its_code_alone(tmp_path: Path) -> None:
    """Words of an exception could be mail; DBOS's tables get a code."""
    path, caught = tmp_path / "work.sqlite", []

    async def fails() -> Json:
        raise Unavailable(SECRET)

    async def breaks() -> Json:
        raise ValueError(SECRET)

    async def workflow(steps: Steps, _: str) -> None:
        for step in (fails, breaks):
            try:
                await steps.run("step", step)
            except StepFailed as failure:
                caught.append(failure.code)

    async with running(store.open_durable(path), {"scan": workflow}) as work:
        await work.start("scan", "scn_a", mailbox="mbx_a")
        await until(lambda: len(caught) == 2)
    assert caught == ["unavailable", "internal"]
    assert SECRET.encode() not in stored(tmp_path)


def test_a_row_edited_to_a_pickle_executes_nothing(tmp_path: Path) -> None:
    """Who can write to the database must not run code in the process that holds the tokens."""
    path, ran = tmp_path / "work.sqlite", []
    planted = tmp_path / "executed"

    async def workflow(steps: Steps, subject: str) -> None:  # noqa: ARG001  # a workflow's shape
        ran.append(subject)

    async def made() -> None:
        async with running(store.open_durable(path), {"scan": workflow}):
            pass

    async def poisoned() -> None:
        async with running(store.open_durable(path), {"scan": workflow}) as work:
            await work.start("scan", "scn_good", mailbox="mbx_b")
            await until(lambda: "scn_good" in ran)
            await until(lambda: rows(path, TAKEN_UP))

    asyncio.run(made())
    _plant(path, planted)
    asyncio.run(poisoned())
    assert not planted.exists()
    assert ran == ["scn_good"]


class Evil:
    """Unpickles into a command."""

    def __init__(self, planted: Path) -> None:
        self.planted = planted

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.planted),)


def _plant(path: Path, planted: Path) -> None:
    """Queues a workflow whose arguments are a pickle, as an attacker with the file could."""
    payload = base64.b64encode(pickle.dumps({"args": (Evil(planted),), "kwargs": {}})).decode()
    with closing(sqlite3.connect(path, timeout=10)) as connection, connection:
        connection.execute(
            "INSERT INTO workflow_status (workflow_uuid, status, name, inputs, serialization, queue_name, "
            "queue_partition_key, application_version, application_id, created_at, updated_at, priority, "
            "recovery_attempts) VALUES ('evil','ENQUEUED','scan',?,'py_pickle','mailboxes','mbx_e','1','',1,1,0,0)",
            (payload,),
        )


def test_the_pickle_path_is_taken_out_of_dbos(tmp_path: Path) -> None:
    """Whoever asks DBOS's default serializer, in either direction, is refused."""
    from dbos._serialization import DBOSDefaultSerializer

    Work(store.open_durable(tmp_path / "work.sqlite"), executor="test-0")
    for ask in (DBOSDefaultSerializer.serialize, DBOSDefaultSerializer.deserialize):
        with pytest.raises(PickleRefused):
            ask("gASVAAAAAA==")
    DBOS.destroy(destroy_registry=True)


def test_the_codec_holds_little() -> None:
    """Ids and counts, never a page."""
    with pytest.raises(ValueError, match="ids and counts"):
        Codec().serialize("x" * MAX_STORED)
    with pytest.raises(ValueError, match=r"JSON compliant"):
        Codec().serialize(float("nan"))


async def test_one_piece_at_a_time_for_a_mailbox_and_many_mailboxes_at_once(durable: Engine) -> None:
    """Two scans of one mailbox would fight for Graph's four places."""
    now: dict[str, int] = {}
    most: dict[str, int] = {}
    together = asyncio.Event()

    async def step(mailbox: str) -> Json:
        now[mailbox] = now.get(mailbox, 0) + 1
        most[mailbox] = max(most.get(mailbox, 0), now[mailbox])
        if sum(now.values()) > 1:
            together.set()
        await asyncio.wait_for(together.wait(), PATIENCE)
        now[mailbox] -= 1
        return None

    done: list[str] = []

    async def workflow(steps: Steps, subject: str) -> None:
        await steps.run("step", step, subject.split(".", maxsplit=1)[0])
        done.append(subject)

    async with running(durable, {"scan": workflow}) as work:
        for subject in ("a.1", "a.2", "b.1", "b.2"):
            await work.start("scan", subject, mailbox=f"mbx_{subject[0]}")
        await until(lambda: len(done) == 4)
    assert most == {"a": 1, "b": 1}


async def test_started_twice_runs_once(durable: Engine) -> None:
    """A restart queues again what is written down as open; what is queued already stays queued once."""
    done: list[str] = []

    async def workflow(steps: Steps, subject: str) -> None:  # noqa: ARG001  # a workflow's shape
        done.append(subject)

    async with running(durable, {"scan": workflow}) as work:
        for _ in range(3):
            await work.start("scan", "scn_a", mailbox="mbx_a")
        await work.start("scan", "scn_b", mailbox="mbx_a")
        await until(lambda: "scn_b" in done)
    assert done == ["scn_a", "scn_b"]


async def test_every_attempt_is_stopped_and_forgotten(tmp_path: Path) -> None:
    """A scan that was paused and went on had several workflows; after an erasure none of them is stored."""
    path, going, hold = tmp_path / "work.sqlite", [], asyncio.Event()

    async def step(subject: str) -> Json:
        going.append(subject)
        if subject == "scn_a":
            await hold.wait()
        return None

    async def workflow(steps: Steps, subject: str) -> None:
        await steps.run("step", step, subject)

    async with running(store.open_durable(path), {"scan": workflow}) as work:
        for subject, attempt in (("scn_a", 0), ("scn_a", 1), ("scn_a", 12), ("scn_b", 0)):
            await work.start("scan", subject, mailbox=f"mbx_{subject}", attempt=attempt)
        await until(lambda: {"scn_a", "scn_b"} <= set(going))
        await work.cancel("scn_a")
        hold.set()
        await until(lambda: not rows(path, OPEN))
        assert going.count("scn_a") == 1
        assert rows(path, "SELECT count(*) FROM workflow_status WHERE workflow_uuid LIKE 'scn_a.%'") == [(3,)]
        await work.forget(["scn_a"])
    assert rows(path, "SELECT workflow_uuid FROM workflow_status") == [("scn_b.0",)]
