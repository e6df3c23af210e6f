"""The one module that knows SQLite: how the file is opened, read, migrated, and scrubbed after an erasure.

Every pooled connection has WAL, secure_delete, foreign keys, synchronous FULL and a busy timeout, and is refused if one
did not take. A transaction takes the write lock when it begins (BEGIN IMMEDIATE), so that what it read is still true
when it writes; `reading` takes none and can't write.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event

from gateway.store.errors import DatabaseRefused

BUSY_TIMEOUT_MS = (
    10_000  # a writer waits this long for the lock; our longest transaction (1000 decisions) takes < 100 ms
)
POOL_SIZE: Final = 16  # connections of one engine; a transaction takes milliseconds
POOL_WAIT_S: Final = 5.0  # for one of them; then the caller is told that the database can't be reached
DURABLE_WAIT_S: Final = 30.0  # the same of durable work, in front of which nobody sits
POOL: Final = {"pool_size": POOL_SIZE, "max_overflow": 0, "pool_timeout": POOL_WAIT_S}
FILE_MODE = 0o600  # -wal and -shm inherit it from the database file
MIN_SQLITE = (3, 35, 0)  # RETURNING, which single use of codes rests on

# name, value to set, value that must read back
_PRAGMAS: Final[tuple[tuple[str, str, object], ...]] = (
    ("busy_timeout", str(BUSY_TIMEOUT_MS), BUSY_TIMEOUT_MS),  # first: the next ones may have to wait
    ("journal_mode", "WAL", "wal"),
    ("secure_delete", "ON", 1),
    ("foreign_keys", "ON", 1),
    ("synchronous", "FULL", 2),
    ("trusted_schema", "OFF", 0),
    ("temp_store", "MEMORY", 2),  # no spilled copies of rows in temporary files
)
_READ_ONLY = "store_read_only"


def open(path: Path) -> Engine:  # noqa: A001  # read as store.engine.open; the builtin is not used here
    """An engine on one SQLite file, created (0600) when absent. Its transactions are BEGIN IMMEDIATE; see `reading`."""
    engine = _engine(path, driver_isolation=None)
    event.listen(engine, "begin", _begin)
    return engine


def open_durable(path: Path) -> Engine:
    """The same file and the same guarantees for DBOS, which begins its transactions itself, through the driver."""
    return _engine(path, driver_isolation="IMMEDIATE", wait_s=DURABLE_WAIT_S)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection on one consistent snapshot that waits for no writer and can't write."""
    options: dict[str, object] = {_READ_ONLY: True, "postgresql_readonly": True}
    if engine.dialect.name == "postgresql":  # its default is a new snapshot for each statement
        options["isolation_level"] = "REPEATABLE READ"
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def migrate(engine: Engine) -> None:
    """Bring the schema to this version, all or nothing. Raises DatabaseRefused for a database of a later version."""
    with engine.begin() as connection:
        try:
            command.upgrade(migration_config(connection), "head")
        except CommandError:
            raise DatabaseRefused(
                "the database was written by a later version; install that or restore a backup"
            ) from None


def migration_config(connection: Connection) -> Config:
    """Alembic's configuration for the migrations in this package, to run over `connection`."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "gateway.store:migrations")
    config.set_main_option("path_separator", "os")
    return config


def scrub(engine: Engine, *, patience_ms: int = BUSY_TIMEOUT_MS) -> None:
    """After an erasure: empty the log and rewrite the file, so that neither holds what was deleted.

    Waits up to `patience_ms` for each open transaction. Raises DatabaseRefused when it does not end; then call again.
    """
    with closing(engine.raw_connection()) as pooled:
        connection = pooled.driver_connection
        if not isinstance(connection, sqlite3.Connection):
            raise DatabaseRefused("only a SQLite file can be scrubbed")
        try:
            _rewrite(connection, patience_ms)
        except sqlite3.OperationalError:
            raise DatabaseRefused("the file can't be rewritten while a transaction is open; try again later") from None
        finally:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def _engine(path: Path, driver_isolation: str | None, wait_s: float = POOL_WAIT_S) -> Engine:
    if sqlite3.sqlite_version_info < MIN_SQLITE:
        raise DatabaseRefused(f"SQLite {sqlite3.sqlite_version} is too old; 3.35 or later is needed")
    _create(path)
    arguments = {"isolation_level": driver_isolation}
    pool = POOL | {"pool_timeout": wait_s}
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True, connect_args=arguments, **pool)
    event.listen(engine, "connect", _harden)
    return engine


def _create(path: Path) -> None:
    """Makes an absent file, closed to others. One that is there is never opened here.

    Closing any descriptor of a file drops all locks that this process has on it (POSIX); another process that closes
    the database would then count as the last one, and SQLite would delete the log under us.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))


def _harden(connection: Any, _record: object) -> None:
    for name, value, expected in _PRAGMAS:
        connection.execute(f"PRAGMA {name} = {value}").close()
        if connection.execute(f"PRAGMA {name}").fetchone() != (expected,):
            raise DatabaseRefused(f"SQLite did not accept {name} = {value}; this file system or build can't be used")


def _begin(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _rewrite(connection: sqlite3.Connection, patience_ms: int) -> None:
    connection.execute("PRAGMA query_only = OFF")  # as the last reader may have left it
    connection.execute(f"PRAGMA busy_timeout = {patience_ms}")
    _truncate_log(connection)
    connection.execute("VACUUM")
    _truncate_log(connection)


def _truncate_log(connection: sqlite3.Connection) -> None:
    (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise DatabaseRefused("the log can't be emptied while a transaction is open; try again when it has ended")
