"""Which permissions Microsoft said that it granted for a mailbox.

A record of what was built, not of what is meant now: it names no type or constant of the program. Of what was granted
before, nothing is known until the next refresh.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the column, empty."""
    op.add_column("token_cache", sa.Column("granted", sa.Text()))
