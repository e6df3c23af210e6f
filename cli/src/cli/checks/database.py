"""The database: whole, of this version, with room to grow; and who is connected in it. Read, never written."""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from cli.checks.found import Found, fail, ok, unknown, warn
from gateway.identity.needs_sign_in import NEEDS
from gateway.store.codes import Access, Need
from gateway.store.engine import migration_config

LITTLE: Final = 1 << 30  # bytes
NEXT_TO_NOTHING: Final = 100 << 20  # bytes


def all_of(path: Path) -> Iterator[Found]:
    """The checks of one file; before the first start there is none."""
    yield disk(path)
    if not path.exists():
        yield unknown("Database", "not there before the first start")
        return
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
            yield from _whole(connection)
    except sqlite3.Error as error:
        yield fail("Database", f"it can't be read ({type(error).__name__}).", "Restore the newest backup.")


def disk(path: Path) -> Found:
    """Room on the file system where the database lies, or will."""
    there = next(folder for folder in (path.parent, *path.parent.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    told = f"{free / (1 << 30):.1f} GiB free"
    if free < NEXT_TO_NOTHING:
        return fail("Disk", f"{told}: nothing more can be written safely.", "Make room; nothing is lost meanwhile.")
    return warn("Disk", f"{told}.", "Make room before it is full.") if free < LITTLE else ok("Disk", told)


def _whole(connection: sqlite3.Connection) -> Iterator[Found]:
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        yield fail("Database", "its file is damaged.", "Stop everything and restore the newest backup.")
        return
    yield _version(connection)
    yield from _consent(connection)


def _version(connection: sqlite3.Connection) -> Found:
    try:
        (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.Error, TypeError):
        return fail("Database", "it has no schema of ours.", "Is it the right file?")
    known = [script.revision for script in _scripts().walk_revisions()]
    if found not in known:
        return fail("Database", "a later version wrote it.", "Install that version, or restore a backup.")
    if found != known[0]:
        return warn("Database", f"whole, of schema {found}.", f"The next start brings it to {known[0]}.")
    return ok("Database", f"whole, of schema {found}")


def _scripts() -> ScriptDirectory:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        scripts = ScriptDirectory.from_config(migration_config(connection))
    engine.dispose()
    return scripts


def _consent(connection: sqlite3.Connection) -> Iterator[Found]:
    """How Microsoft's permission for the mailboxes stands; by count, never by name."""
    try:
        rows = connection.execute(
            "SELECT access, need FROM mailbox LEFT JOIN token_cache ON token_cache.mailbox_id = mailbox.id"
        ).fetchall()
    except sqlite3.Error:
        return  # of a schema before this one; the check above says so
    if not rows:
        yield unknown("Consent", "nobody has signed in yet")
        return
    well = Counter(Access(access) for access, need in rows if need is None and access is not None)
    for access, count in well.items():
        what = "looked at and moved in" if access is Access.FULL else "looked at only"
        yield ok("Consent", f"{count} {_mailboxes(count)} may be {what}")
    needs = Counter(Need(need or Need.DISCONNECTED) for access, need in rows if need is not None or access is None)
    for need, count in needs.items():
        yield fail("Consent", f"{count} {_mailboxes(count)} can't be reached ({need.value}).", NEEDS[need])


def _mailboxes(count: int) -> str:
    return "mailbox" if count == 1 else "mailboxes"
