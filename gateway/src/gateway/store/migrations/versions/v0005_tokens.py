"""Refresh tokens, access tokens that are denied, API keys: hashes, ids, times, and a key's name as ciphertext.

A record of what was built, not of what is meant now: it names no type or constant of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Build the tables; nothing that was there changes. Sessions from before have no refresh token: they just end."""
    _refresh_tokens()
    _denied_tokens()
    _api_keys()


def _refresh_tokens() -> None:
    op.create_table(
        "refresh_token",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("spent_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name="fk_refresh_token_session_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_refresh_token"),
    )
    op.create_index("ix_refresh_token_session_id", "refresh_token", ["session_id"])


def _denied_tokens() -> None:
    op.create_table(
        "denied_token",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name="fk_denied_token_session_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_denied_token"),
    )
    op.create_index("ix_denied_token_session_id", "denied_token", ["session_id"])
    op.create_index("ix_denied_token_expires_at", "denied_token", ["expires_at"])


def _api_keys() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("mailbox_id", sa.Text()),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_on", sa.Integer()),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_api_key_person_id"),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name="fk_api_key_mailbox_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("secret_hash", name="uq_api_key_secret_hash"),
    )
    for column in ("person_id", "mailbox_id", "expires_at"):
        op.create_index(f"ix_api_key_{column}", "api_key", [column])
    op.create_table(
        "api_key_scope",
        sa.Column("api_key_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "scope IN ('read', 'folders', 'scan', 'rules', 'move')", name=op.f("ck_api_key_scope_scope")
        ),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_key.id"], name="fk_api_key_scope_api_key_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("api_key_id", "scope", name="pk_api_key_scope"),
    )
