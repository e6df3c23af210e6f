"""Owners' corrections: what is no attack in which mailbox, as keyed hashes.

A record of what was built, not of what is meant now: it names no type or constant of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Build the table; nothing that was there changes."""
    op.create_table(
        "correction",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("keyed_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('sender', 'text')", name=op.f("ck_correction_kind")),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name="fk_correction_mailbox_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_correction"),
        sa.UniqueConstraint("mailbox_id", "kind", "keyed_hash", name="uq_correction_mailbox_id_kind_keyed_hash"),
    )
