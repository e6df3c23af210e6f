"""A one-time code that was used stays known until its end, so that its second use is seen.

A record of what was built, not of what is meant now: it names no type or constant of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the time of use; a code that is there was not used."""
    op.add_column("exchange_code", sa.Column("used_at", sa.BigInteger()))
