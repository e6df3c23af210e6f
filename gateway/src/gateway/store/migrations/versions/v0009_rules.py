"""Rules, protections and what they are proposed from; decisions name who ruled them and are grouped more widely.

A record of what was built, not of what is meant now: it names no type or constant of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Build the tables; decisions that were there are ruled by nothing and grouped by their senders alone."""
    _rules()
    _protections()
    _habits()
    _words()
    for column in (
        sa.Column("ruled_by", sa.Text()),
        sa.Column("list_hash", sa.LargeBinary()),
        sa.Column("organisation_hash", sa.LargeBinary()),
    ):
        op.add_column("decision", column)
    op.create_index("ix_decision_mailbox_id_message_id", "decision", ["mailbox_id", "message_id"])
    op.create_index("ix_journal_entry_mailbox_id_message_id", "journal_entry", ["mailbox_id", "message_id"])


def _mailbox(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name=f"fk_{table}_mailbox_id", ondelete="CASCADE")


def _rules() -> None:
    op.create_table(
        "rule",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("keyed_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("folder_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('sender', 'list', 'organisation')", name=op.f("ck_rule_kind")),
        _mailbox("rule"),
        sa.PrimaryKeyConstraint("id", name="pk_rule"),
        sa.UniqueConstraint("mailbox_id", "keyed_hash", name="uq_rule_mailbox_id_keyed_hash"),
    )


def _protections() -> None:
    op.create_table(
        "protection",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("keyed_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("folder_id", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('sender', 'list', 'organisation', 'folder')", name=op.f("ck_protection_kind")),
        sa.CheckConstraint("(kind = 'folder') = (folder_id IS NOT NULL)", name=op.f("ck_protection_folder_is_named")),
        sa.CheckConstraint("(kind = 'folder') = (sealed IS NULL)", name=op.f("ck_protection_mail_is_sealed")),
        _mailbox("protection"),
        sa.PrimaryKeyConstraint("id", name="pk_protection"),
        sa.UniqueConstraint("mailbox_id", "keyed_hash", name="uq_protection_mailbox_id_keyed_hash"),
    )


def _habits() -> None:
    op.create_table(
        "keeping",
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("replied_to", sa.Boolean(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("younger_than_hours", sa.Integer(), nullable=False),
        _mailbox("keeping"),
        sa.PrimaryKeyConstraint("mailbox_id", name="pk_keeping"),
    )
    op.create_table(
        "correspondent",
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("keyed_hash", sa.LargeBinary(), nullable=False),
        _mailbox("correspondent"),
        sa.PrimaryKeyConstraint("mailbox_id", "keyed_hash", name="pk_correspondent"),
    )


def _words() -> None:
    op.create_table(
        "owner_word",
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("folder_id", sa.Text()),
        sa.Column("sender_hash", sa.LargeBinary(), nullable=False),
        sa.Column("list_hash", sa.LargeBinary()),
        sa.Column("organisation_hash", sa.LargeBinary()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _mailbox("owner_word"),
        sa.PrimaryKeyConstraint("mailbox_id", "message_id", name="pk_owner_word"),
    )
    op.create_index("ix_owner_word_mailbox_id_at", "owner_word", ["mailbox_id", "at"])
    op.create_table(
        "dismissal",
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("keyed_hash", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _mailbox("dismissal"),
        sa.PrimaryKeyConstraint("mailbox_id", "keyed_hash", name="pk_dismissal"),
    )
