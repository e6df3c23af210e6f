"""The SQLite file that is the sandbox: a killed one comes back with the same mail, keys and grants.

Guarantees WAL, foreign keys and all-or-nothing transactions. Text that people wrote is kept as ASCII JSON: SQLite
refuses lone surrogates and other tools cut at NUL, JSON escapes both.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS keepsake (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS folder (
    id TEXT PRIMARY KEY,
    mailbox TEXT NOT NULL,
    parent_id TEXT REFERENCES folder (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    well_known TEXT,
    hidden INTEGER NOT NULL,
    UNIQUE (mailbox, parent_id, name_key)
);
CREATE TABLE IF NOT EXISTS message (
    number INTEGER PRIMARY KEY,
    mailbox TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    immutable_id TEXT NOT NULL UNIQUE,
    folder_id TEXT NOT NULL REFERENCES folder (id),
    received TEXT NOT NULL,
    changed INTEGER NOT NULL,
    is_read INTEGER NOT NULL,
    moves INTEGER NOT NULL DEFAULT 0,
    envelope TEXT NOT NULL,
    body TEXT
);
CREATE INDEX IF NOT EXISTS message_page ON message (folder_id, received DESC, number DESC);
CREATE INDEX IF NOT EXISTS message_change ON message (folder_id, changed);
CREATE INDEX IF NOT EXISTS message_unread ON message (folder_id, is_read);
CREATE TABLE IF NOT EXISTS departure (
    changed INTEGER PRIMARY KEY,
    folder_id TEXT NOT NULL,
    id TEXT NOT NULL,
    immutable_id TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS departure_change ON departure (folder_id, changed);
CREATE TABLE IF NOT EXISTS refresh_token (
    digest BLOB PRIMARY KEY,
    family TEXT NOT NULL,
    client_id TEXT NOT NULL,
    oid TEXT NOT NULL,
    scope TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('live', 'spent', 'revoked'))
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS refresh_token_family ON refresh_token (family);
"""

Row = tuple[Any, ...]  # what a column holds is known where its SQL stands
CACHE_KIBIBYTES = 65_536  # 100,000 messages fit, so that a page costs no disk read


class Database:
    """One connection to the file `path`, made if absent. Used by one thread only."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in (
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "foreign_keys = ON",
            f"cache_size = -{CACHE_KIBIBYTES}",
        ):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(SCHEMA)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen or none does. Not nestable."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def rows(self, sql: str, *values: object) -> list[Row]:
        """All rows of a query."""
        return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> Row | None:
        """The first row of a query, or None."""
        found: Row | None = self._connection.execute(sql, values).fetchone()
        return found

    def write(self, sql: str, *values: object) -> int:
        """How many rows a statement changed."""
        return self._connection.execute(sql, values).rowcount

    def keepsake(self, name: str, make: bytes) -> bytes:
        """The value kept under `name`; `make` is kept if there is none yet."""
        self.write("INSERT OR IGNORE INTO keepsake (name, value) VALUES (?, ?)", name, make)
        return bytes(self.rows("SELECT value FROM keepsake WHERE name = ?", name)[0][0])

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()
