"""The register of incidents: chained entries, append-only by triggers. Nothing is ever taken out of it.

A record of what was built, not of what is meant now: it names no type or constant of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

REFUSAL = "the register of incidents is append-only"


def upgrade() -> None:
    """Build the table and its triggers."""
    op.create_table(
        "incident_entry",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_incident_entry"),
    )
    op.create_index("ix_incident_entry_incident_id_seq", "incident_entry", ["incident_id", "seq"], unique=False)
    for statement in _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql():
        op.execute(statement)


def _sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER incident_entry_no_{when.lower()} BEFORE {when} ON incident_entry "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for when in ("UPDATE", "DELETE")
    ]


def _postgresql() -> list[str]:
    refuse = f"BEGIN RAISE EXCEPTION '{REFUSAL}'; END"
    return [f"CREATE FUNCTION incident_append_only() RETURNS trigger LANGUAGE plpgsql AS $${refuse}$$"] + [
        f"CREATE TRIGGER incident_entry_no_{when.lower()} BEFORE {when} ON incident_entry "
        f"FOR EACH {level} EXECUTE FUNCTION incident_append_only()"
        for when, level in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT"))
    ]
