"""Scans and runs that their owner paused, and runs that are to stop.

A record of what was built, not of what is meant now: it names no type or constant of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the columns; nothing that was there is paused or stops, and what is open is at its first attempt."""
    for table in ("scan", "move_run"):
        op.add_column(table, sa.Column("paused_at", sa.BigInteger(), nullable=True))
        op.add_column(table, sa.Column("attempt", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("move_run", sa.Column("stopping", sa.Boolean(), nullable=False, server_default=sa.false()))
