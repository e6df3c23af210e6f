"""What an owner had forgotten is not learned from again.

A record of what was built, not of what is meant now: it names no type or constant of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the mark; nothing that was learned before is forgotten."""
    op.add_column("learned_message", sa.Column("forgotten", sa.Boolean(), nullable=False, server_default=sa.false()))
