"""The key of a session's tab, by its thumbprint, and the proofs of such keys that were used.

A record of what was built, not of what is meant now: it names no type or constant of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add both. Sessions from before have no key: they are not refreshed, and end within minutes."""
    op.add_column("session", sa.Column("key_hash", sa.LargeBinary()))
    op.create_table(
        "used_proof",
        sa.Column("proof_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("proof_hash", name="pk_used_proof"),
    )
    op.create_index("ix_used_proof_expires_at", "used_proof", ["expires_at"])
