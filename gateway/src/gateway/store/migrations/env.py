"""Runs migrations on the connection that gateway.store.migrate hands over, inside its transaction.

Tables that are not ours stay untouched: DBOS keeps its own in the same file.
"""

from alembic import context
from sqlalchemy import Connection

from gateway.store.tables import METADATA


def is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:  # noqa: FBT001  # Alembic calls it
    """Whether a schema object may be compared or changed."""
    return kind != "table" or name in METADATA.tables


def run(connection: Connection) -> None:
    """Upgrade or compare over one connection, in the transaction that it is in."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        include_object=is_ours,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
