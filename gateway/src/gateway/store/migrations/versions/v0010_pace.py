"""How fast a scan and a run are, so that it can be told how long they still take.

A record of what was built, not of what is meant now: it names no type or constant of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns; what ran before was not measured."""
    for table in ("scan", "move_run"):
        op.add_column(table, sa.Column("pace_us", sa.BigInteger(), nullable=True))
