"""The database: read without waiting, no value in its errors. As a SQLite file: hardened, scrubbed, written by one."""

import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.store import engine as store_engine
from gateway.store import reading
from gateway.store.errors import DatabaseRefused
from gateway.store.tables import sign_in

POOLED = 12  # more than the pool keeps, so that overflow connections are seen too
ON_A_FILE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ROW = {"id": b"1", "sealed": b"2", "browser_hash": b"3", "expires_at": 4}
HARDENED = {
    "journal_mode": "wal",
    "secure_delete": 1,
    "foreign_keys": 1,
    "synchronous": 2,
    "busy_timeout": store_engine.BUSY_TIMEOUT_MS,
    "trusted_schema": 0,
    "temp_store": 2,
}


@pytest.mark.parametrize("opened", [store_engine.open, store_engine.open_durable])
def test_every_pooled_connection_is_hardened(tmp_path: Path, opened: Callable[[Path], Engine]) -> None:
    """No connection of either engine works without WAL, secure_delete, foreign keys and a full sync."""
    engine = opened(tmp_path / "organiser.db")
    with ExitStack() as held:
        raw = [held.enter_context(closing(engine.raw_connection())) for _ in range(POOLED)]
        seen = [{name: one.execute(f"PRAGMA {name}").fetchone()[0] for name in HARDENED} for one in raw]
    engine.dispose()
    assert seen == [HARDENED] * POOLED


def test_a_connection_that_can_not_be_hardened_is_refused() -> None:
    """A pragma that does not read back as set closes the door: here the driver has no file to keep a log beside."""
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(DatabaseRefused, match="journal_mode"):
        store_engine._harden(connection, None)


def test_hardening_does_not_rest_on_a_builds_defaults(tmp_path: Path) -> None:
    """Some builds of SQLite delete securely by themselves; ours is told to, whatever it began with."""
    begin = {"journal_mode": "DELETE", "busy_timeout": 1, "temp_store": 1} | dict.fromkeys(
        ("secure_delete", "foreign_keys", "synchronous"), 0
    )
    with closing(sqlite3.connect(tmp_path / "organiser.db")) as connection:
        for name, value in (begin | {"trusted_schema": 1}).items():
            connection.execute(f"PRAGMA {name} = {value}")
        store_engine._harden(connection, None)
        assert {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in HARDENED} == HARDENED


@ON_A_FILE
def test_only_the_owner_can_read_the_files(engine: Engine, data_folder: Path) -> None:
    """The database, its log and its index are 0600 from the start."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE more (n INTEGER)"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in data_folder.iterdir()}
    assert modes == dict.fromkeys(["organiser.db", "organiser.db-wal", "organiser.db-shm"], 0o600)


def test_a_reader_waits_for_no_writer_and_sees_one_snapshot(engine: Engine) -> None:
    """While a transaction is open, a reader reads at once, and what it saw doesn't change under it."""
    count = select(func.count()).select_from(sign_in)
    with engine.begin() as writer:
        writer.execute(insert(sign_in), ROW)
        with reading(engine) as reader:
            assert reader.execute(count).scalar_one() == 0
            writer.commit()
            assert reader.execute(count).scalar_one() == 0
    with reading(engine) as reader:
        assert reader.execute(count).scalar_one() == 1


def test_a_reader_can_not_write_and_the_next_user_of_its_connection_can(engine: Engine) -> None:
    """`reading` is read-only by the database's own means, and leaves no trace in the pool."""
    with pytest.raises(DBAPIError, match=r"(?i)read_?only"), reading(engine) as reader:
        reader.execute(insert(sign_in), ROW)
    with engine.begin() as writer:
        writer.execute(insert(sign_in), ROW)
        assert writer.execute(select(func.count()).select_from(sign_in)).scalar_one() == 1


@ON_A_FILE
def test_what_a_transaction_read_is_still_true_when_it_writes(engine: Engine) -> None:
    """Read, add one, write: 60 times from 6 threads loses nothing, because the lock is taken at the beginning."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE tally (n INTEGER)"))
        connection.execute(text("INSERT INTO tally VALUES (0)"))

    def add_one(_: int) -> None:
        with engine.begin() as connection:
            seen = connection.execute(text("SELECT n FROM tally")).scalar_one()
            connection.execute(text("UPDATE tally SET n = :n"), {"n": seen + 1})

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(add_one, range(60)))
    with reading(engine) as connection:
        assert connection.execute(text("SELECT n FROM tally")).scalar_one() == 60


def test_a_database_error_tells_no_values(engine: Engine) -> None:
    """An exception may be logged; the values of the failed statement must not be in it."""
    with pytest.raises(IntegrityError) as caught, engine.begin() as connection:
        connection.execute(text("INSERT INTO audit_head VALUES (:log, 1, :hash)"), {"log": "erika", "hash": None})
    assert "erika" not in f"{caught.value} {caught.value.orig}"


@ON_A_FILE
def test_scrub_leaves_none_of_the_deleted_bytes(engine: Engine, data_folder: Path) -> None:
    """After delete and scrub neither the file nor its log holds a byte of what was there, and the log is empty."""
    canaries = [b"canary-%04d-" % n * 40 for n in range(200)]
    with engine.begin() as connection:
        rows = [{"id": b"%d" % n, "sealed": canary} for n, canary in enumerate(canaries)]
        connection.execute(text("INSERT INTO sign_in VALUES (:id, :sealed, x'03', 4)"), rows)
    assert _anywhere(data_folder, b"canary-0123")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM sign_in"))
    store_engine.scrub(engine)
    assert not _anywhere(data_folder, b"canary-")
    assert (data_folder / "organiser.db-wal").stat().st_size == 0


@ON_A_FILE
def test_scrub_removes_what_was_once_deleted_insecurely(engine: Engine, data_folder: Path) -> None:
    """Bytes that another tool left in free pages go too: the file is rewritten, not only its log emptied."""
    with closing(sqlite3.connect(data_folder / "organiser.db")) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("INSERT INTO sign_in VALUES (x'01', ?, x'03', 4)", (b"canary-" * 2000,))
        connection.execute("DELETE FROM sign_in")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"canary-" in (data_folder / "organiser.db").read_bytes()
    store_engine.scrub(engine)
    assert not _anywhere(data_folder, b"canary-")


@ON_A_FILE
def test_scrub_refuses_while_somebody_still_sees_the_deleted(engine: Engine) -> None:
    """An open reader keeps deleted pages alive: scrub says so, claims no success, and works once it has ended."""
    with reading(engine) as reader:
        reader.execute(text("SELECT * FROM sign_in")).all()
        with engine.begin() as writer:
            writer.execute(text("INSERT INTO sign_in VALUES (x'01', x'02', x'03', 4)"))
        with pytest.raises(DatabaseRefused, match="try again"):
            store_engine.scrub(engine, patience_ms=20)
    store_engine.scrub(engine)


def _anywhere(folder: Path, needle: bytes) -> bool:
    return any(needle in path.read_bytes() for path in folder.iterdir())
