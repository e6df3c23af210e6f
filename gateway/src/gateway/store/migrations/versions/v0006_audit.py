"""The audit log: chained events, the chains' heads and cuts, append-only by triggers; and who has which recurring duty.

The table that stood in its place was never written to. A record of what was built, not of what is meant now: it names
no type or constant of the program.

- audit_event: no change ever; a deletion only of what a row of audit_cut covers.
- audit_cut: no change, no deletion.
- audit_head: a row for each chain, which moves on by one event at a time and is not removed.

Who may drop a trigger can get round it; that shows in the chain (gateway.audit).
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

REFUSAL = "the audit log is append-only"
# name of the trigger: when, table, condition under which it refuses
RULES = {
    "audit_event_no_update": ("UPDATE", "audit_event", "TRUE"),
    "audit_event_no_delete": (
        "DELETE",
        "audit_event",
        "NOT EXISTS (SELECT 1 FROM audit_cut WHERE audit_cut.log = OLD.log AND audit_cut.seq >= OLD.seq)",
    ),
    "audit_cut_no_update": ("UPDATE", "audit_cut", "TRUE"),
    "audit_cut_no_delete": ("DELETE", "audit_cut", "TRUE"),
    "audit_head_forward": ("UPDATE", "audit_head", "NEW.seq <> OLD.seq + 1 OR NEW.log <> OLD.log"),
    "audit_head_no_delete": ("DELETE", "audit_head", "TRUE"),
}


def upgrade() -> None:
    """Build tables and triggers, and the head of an empty chain."""
    op.drop_index("ix_audit_event_person_id_at", "audit_event")
    op.drop_index("ix_audit_event_mailbox_id_at", "audit_event")
    op.drop_table("audit_event")
    _audit_event()
    _audit_head()
    _audit_cut()
    _duty()
    for statement in _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql():
        op.execute(statement)


def _audit_event() -> None:
    op.create_table(
        "audit_event",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("person_mark", sa.LargeBinary(), nullable=True),
        sa.Column("mailbox_mark", sa.LargeBinary(), nullable=True),
        sa.Column("object_id", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("network_mark", sa.LargeBinary(), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("log", "seq", name="pk_audit_event"),
        sa.UniqueConstraint("id", name="uq_audit_event_id"),
    )
    op.create_index("ix_audit_event_mailbox_mark_log_seq", "audit_event", ["mailbox_mark", "log", "seq"], unique=False)
    op.create_index("ix_audit_event_person_mark_log_seq", "audit_event", ["person_mark", "log", "seq"], unique=False)


def _audit_head() -> None:
    head = op.create_table(
        "audit_head",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", name="pk_audit_head"),
    )
    op.bulk_insert(head, [{"log": log, "seq": 0, "hash": bytes(32)} for log in ("audit", "security")])


def _audit_cut() -> None:
    op.create_table(
        "audit_cut",
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "seq", name="pk_audit_cut"),
    )


def _duty() -> None:
    duty = op.create_table(
        "duty",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_duty"),
    )
    never = {"holder": "nobody", "held_until": 0, "done_at": 0}
    op.bulk_insert(duty, [{"name": name, **never} for name in ("renewal", "retention", "scrub")])


def _sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER {name} BEFORE {when} ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for name, (when, table, condition) in RULES.items()
    ]


def _postgresql() -> list[str]:
    """A function for each, because a WHEN there can't ask another table; and TRUNCATE, which SQLite doesn't have."""
    statements = []
    for name, (when, table, condition) in RULES.items():
        body = f"BEGIN IF {condition} THEN RAISE EXCEPTION '{REFUSAL}'; END IF; RETURN COALESCE(NEW, OLD); END"
        statements += [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$",
            f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]
    refuse = f"BEGIN RAISE EXCEPTION '{REFUSAL}'; END"
    statements.append(f"CREATE FUNCTION audit_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $${refuse}$$")
    return statements + [
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_no_truncate()"
        for table in ("audit_event", "audit_cut", "audit_head")
    ]
