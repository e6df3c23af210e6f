"""Plans: who was given which, the scans that count against them, and a scan's own bound.

A record of what was built, not of what is meant now: it names no type or constant of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Build both tables and the column; a scan from before has no bound."""
    op.add_column("scan", sa.Column("most", sa.Integer(), nullable=True))
    op.create_table(
        "person_plan",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_person_plan_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_person_plan"),
    )
    op.create_table(
        "scan_charge",
        sa.Column("scan_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_scan_charge_person_id"),
        sa.PrimaryKeyConstraint("scan_id", name="pk_scan_charge"),
    )
    op.create_index("ix_scan_charge_person_id_month", "scan_charge", ["person_id", "month"], unique=False)
