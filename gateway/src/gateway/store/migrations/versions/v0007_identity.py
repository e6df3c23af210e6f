"""What a mailbox's owner granted and why they are needed again; one claim on a refresh; one account, one mailbox.

A record of what was built, not of what is meant now: it names no type or constant of the program. Everything that was
granted before was granted in full, and why an owner was needed was not kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_NEEDS = (
    "'revoked', 'consent_revoked', 'password_changed', 'expired', 'more_proof', 'blocked_by_policy', "
    "'account_blocked', 'claims_challenge', 'scopes_missing', 'scopes_too_wide', 'disconnected'"
)


def upgrade() -> None:
    """Build the table of token caches anew around its rows: SQLite adds no constraint to a table that is there."""
    op.execute("CREATE TABLE token_cache_before AS SELECT * FROM token_cache")
    op.drop_table("token_cache")
    op.create_table(
        "token_cache",
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("need", sa.Text(), nullable=True),
        sa.Column("claims_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("access IN ('preview', 'full')", name=op.f("ck_token_cache_access")),
        sa.CheckConstraint(f"need IN ({_NEEDS})", name=op.f("ck_token_cache_need")),
        sa.CheckConstraint("claims_sealed IS NULL OR need IS NOT NULL", name=op.f("ck_token_cache_claims_are_needed")),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name="fk_token_cache_mailbox_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("mailbox_id", name="pk_token_cache"),
    )
    op.execute(
        "INSERT INTO token_cache (mailbox_id, sealed, version, access, need) SELECT mailbox_id, sealed, version, "
        "'full', CASE WHEN needs_consent THEN 'revoked' END FROM token_cache_before"
    )
    op.drop_table("token_cache_before")
    op.create_index("ix_mailbox_subject_index", "mailbox", ["subject_index"], unique=True)
