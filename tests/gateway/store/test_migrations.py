"""Migrations build what tables.py says, in one piece, again and again, and leave other people's tables alone."""

import re
from importlib.resources import files

import pytest
from alembic import command
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from gateway.store import engine as store_engine
from gateway.store import migrate, reading
from gateway.store.errors import DatabaseRefused
from gateway.store.tables import METADATA

VERSIONS = files("gateway.store.migrations") / "versions"
EARLIER = sorted(path.name[1:5] for path in VERSIONS.iterdir() if path.name.startswith("v"))[:-1]
STATEMENTS = text(  # triggers are the migrations' own: tests/gateway/audit
    "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version' AND type <> 'trigger'"
)


def test_from_empty_and_again(empty: Engine) -> None:
    """A new file gets every table; a second start changes nothing."""
    migrate(empty)
    first = _schema(empty)
    migrate(empty)
    assert _schema(empty) == first
    assert set(METADATA.tables) == set(inspect(empty).get_table_names()) - {"alembic_version"}


def test_migrated_schema_is_the_one_in_tables(sqlite: Engine) -> None:
    """Column by column, constraints and indexes included, the migrations build what METADATA would create."""
    created = create_engine("sqlite://")
    METADATA.create_all(created)
    assert _schema(sqlite) == _schema(created)
    created.dispose()


def test_alembic_sees_no_difference_and_ignores_foreign_tables(empty: Engine) -> None:
    """`alembic check` is silent, although DBOS has a table in the file; and that table keeps its rows."""
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE workflow_status (id TEXT PRIMARY KEY)"))
        connection.execute(text("INSERT INTO workflow_status VALUES ('kept')"))
    migrate(empty)
    with empty.begin() as connection:
        command.check(store_engine.migration_config(connection))
        assert connection.execute(text("SELECT id FROM workflow_status")).scalar_one() == "kept"


def test_postgresql_gets_the_same_schema(postgresql: Engine) -> None:
    """The migrations run there as well, and `alembic check` finds no difference."""
    with postgresql.begin() as connection:
        command.check(store_engine.migration_config(connection))


def test_a_failed_migration_leaves_nothing_behind(empty: Engine) -> None:
    """When a statement fails half way, the file is as it was: the next start can try again."""
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE journal_entry (id TEXT)"))
    with pytest.raises(OperationalError):
        migrate(empty)
    assert inspect(empty).get_table_names() == ["journal_entry"]


@pytest.mark.parametrize("version", EARLIER)
def test_a_database_of_an_earlier_version_keeps_its_rows(empty: Engine, version: str) -> None:
    """Brought to this version in one start, whichever it comes from."""
    with empty.begin() as connection:
        command.upgrade(store_engine.migration_config(connection), version)
        connection.execute(text("INSERT INTO person VALUES ('per_kept', x'01', 1, NULL)"))
    migrate(empty)
    with reading(empty) as connection:
        assert connection.execute(text("SELECT id FROM person")).scalar_one() == "per_kept"
    assert set(METADATA.tables) <= set(inspect(empty).get_table_names())


def test_token_caches_of_before_are_kept_as_granted_in_full(empty: Engine) -> None:
    """Who had to sign in again still has to; nobody else does."""
    rows = "('mbx_a', x'0a', 3, 0), ('mbx_b', x'0b', 1, 1)"
    with empty.begin() as connection:
        command.upgrade(store_engine.migration_config(connection), "0003")
        connection.execute(text("INSERT INTO person VALUES ('per_a', x'01', 1, NULL)"))
        boxes = "('mbx_a', 'per_a', x'01', x'01', 1), ('mbx_b', 'per_a', x'02', x'02', 1)"
        connection.execute(text(f"INSERT INTO mailbox VALUES {boxes}"))  # noqa: S608  # from two lines above
        connection.execute(text(f"INSERT INTO token_cache VALUES {rows}"))  # noqa: S608  # the same
    migrate(empty)
    with reading(empty) as connection:
        query = text("SELECT mailbox_id, sealed, version, access, need FROM token_cache ORDER BY mailbox_id")
        found = [tuple(row) for row in connection.execute(query)]
    assert found == [("mbx_a", b"\n", 3, "full", None), ("mbx_b", b"\x0b", 1, "full", "revoked")]


def test_a_later_schema_is_refused(engine: Engine) -> None:
    """An older program does not touch a newer database."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseRefused, match="later version"):
        migrate(engine)


def _schema(engine: Engine) -> dict[str, list[str]]:
    with reading(engine) as connection:
        rows = connection.execute(STATEMENTS).all()
    return {name: _definitions(sql) for name, sql in rows}


def _definitions(sql: str) -> list[str]:
    """The columns and constraints of a CREATE statement in alphabetical order: the written order means nothing."""
    head, _, body = re.sub(r"\s+", " ", sql).strip().partition("(")
    inner = re.split(r", (?![^()]*\))", body.rpartition(")")[0])  # commas outside of brackets
    return [head.strip(), *sorted(part.strip() for part in inner)]
