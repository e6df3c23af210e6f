"""What asking an AI provider cost each person, day by day: counts alone.

A record of what was built, not of what is meant now: it names no type or constant of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Build the table; nothing that was there changes."""
    op.create_table(
        "provider_spending",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("nanos", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("tokens >= 0 AND nanos >= 0", name=op.f("ck_provider_spending_spent")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_provider_spending_person_id"),
        sa.PrimaryKeyConstraint("person_id", "day", name="pk_provider_spending"),
    )
