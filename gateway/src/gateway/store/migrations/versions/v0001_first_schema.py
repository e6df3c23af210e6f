"""The first schema: people, keys, mailboxes, scans, decisions, the journal, sessions, the trail.

A record of what was built, not of what is meant now: it names no type or constant of the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Build every table, parents first."""
    _audit_event()
    _person()
    _sign_in()
    _mailbox()
    _person_key()
    _session()
    _exchange_code()
    _folder()
    _learned_message()
    _profile()
    _scan()
    _token_cache()
    _decision()
    _move_run()
    _finding()
    _journal_entry()


def _audit_event() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("mailbox_id", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_event"),
    )
    op.create_index("ix_audit_event_mailbox_id_at", "audit_event", ["mailbox_id", "at"], unique=False)
    op.create_index("ix_audit_event_person_id_at", "audit_event", ["person_id", "at"], unique=False)


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("subject_index", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(subject_index IS NULL) = (erased_at IS NOT NULL)", name=op.f("ck_person_tombstone")),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("subject_index", name="uq_person_subject_index"),
    )


def _sign_in() -> None:
    op.create_table(
        "sign_in",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in"),
    )
    op.create_index("ix_sign_in_expires_at", "sign_in", ["expires_at"], unique=False)


def _mailbox() -> None:
    op.create_table(
        "mailbox",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("subject_index", sa.LargeBinary(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_mailbox_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mailbox"),
        sa.UniqueConstraint("person_id", "subject_index", name="uq_mailbox_person_id_subject_index"),
    )


def _person_key() -> None:
    op.create_table(
        "person_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("kek_id", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_person_key_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_person_key"),
        sa.UniqueConstraint("person_id", "generation", name="uq_person_key_person_id_generation"),
    )
    op.create_index("ix_person_key_kek_id", "person_key", ["kek_id"], unique=False)


def _session() -> None:
    op.create_table(
        "session",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_session_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
    )
    op.create_index("ix_session_expires_at", "session", ["expires_at"], unique=False)
    op.create_index("ix_session_person_id", "session", ["person_id"], unique=False)


def _exchange_code() -> None:
    op.create_table(
        "exchange_code",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("verifier_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name="fk_exchange_code_session_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("code_hash", name="pk_exchange_code"),
    )
    op.create_index("ix_exchange_code_expires_at", "exchange_code", ["expires_at"], unique=False)
    op.create_index("ix_exchange_code_session_id", "exchange_code", ["session_id"], unique=False)


def _folder() -> None:
    op.create_table(
        "folder",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("graph_id", sa.Text(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("description_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name="fk_folder_mailbox_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_folder"),
        sa.UniqueConstraint("mailbox_id", "graph_id", name="uq_folder_mailbox_id_graph_id"),
    )


def _learned_message() -> None:
    op.create_table(
        "learned_message",
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("folder_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailbox.id"], name="fk_learned_message_mailbox_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mailbox_id", "message_id", name="pk_learned_message"),
    )


def _profile() -> None:
    op.create_table(
        "profile",
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("learned", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name="fk_profile_mailbox_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("mailbox_id", name="pk_profile"),
    )


def _scan() -> None:
    op.create_table(
        "scan",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source_graph_id", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("learned", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("cursor_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_scan_state")),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name="fk_scan_mailbox_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_scan"),
        sa.UniqueConstraint("id", "mailbox_id", name="uq_scan_id_mailbox_id"),
    )
    op.create_index("ix_scan_mailbox_id_created_at", "scan", ["mailbox_id", "created_at"], unique=False)


def _token_cache() -> None:
    op.create_table(
        "token_cache",
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("needs_consent", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name="fk_token_cache_mailbox_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("mailbox_id", name="pk_token_cache"),
    )


def _decision() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("scan_id", sa.Text(), nullable=False),
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("folder_id", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("risk", sa.Double(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("sender_hash", sa.LargeBinary(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.CheckConstraint("decided_by IN ('engine', 'owner')", name=op.f("ck_decision_decided_by")),
        sa.CheckConstraint("kind <> 'move' OR folder_id IS NOT NULL", name=op.f("ck_decision_move_names_a_folder")),
        sa.CheckConstraint("kind IN ('move', 'keep', 'review', 'hold')", name=op.f("ck_decision_kind")),
        sa.ForeignKeyConstraint(
            ["scan_id", "mailbox_id"],
            ["scan.id", "scan.mailbox_id"],
            name="fk_decision_scan_id_mailbox_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
        sa.UniqueConstraint("scan_id", "message_id", name="uq_decision_scan_id_message_id"),
    )
    op.create_index("ix_decision_scan_id_seq", "decision", ["scan_id", "seq"], unique=True)


def _move_run() -> None:
    op.create_table(
        "move_run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("scan_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("undoes", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("idempotency_hash", sa.LargeBinary(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(kind = 'undo') = (undoes IS NOT NULL)", name=op.f("ck_move_run_undo_names_a_run")),
        sa.CheckConstraint("kind IN ('apply', 'undo')", name=op.f("ck_move_run_kind")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_move_run_state")
        ),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name="fk_move_run_mailbox_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["scan_id", "mailbox_id"],
            ["scan.id", "scan.mailbox_id"],
            name="fk_move_run_scan_id_mailbox_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["undoes"], ["move_run.id"], name="fk_move_run_undoes", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_move_run"),
        sa.UniqueConstraint("id", "mailbox_id", name="uq_move_run_id_mailbox_id"),
        sa.UniqueConstraint("mailbox_id", "idempotency_hash", name="uq_move_run_mailbox_id_idempotency_hash"),
    )
    op.create_index("ix_move_run_mailbox_id_created_at", "move_run", ["mailbox_id", "created_at"], unique=False)
    op.create_index("ix_move_run_scan_id", "move_run", ["scan_id"], unique=False)
    op.create_index("ix_move_run_undoes", "move_run", ["undoes"], unique=False)


def _finding() -> None:
    op.create_table(
        "finding",
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("technique", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name="fk_finding_decision_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("decision_id", "ordinal", name="pk_finding"),
    )


def _journal_entry() -> None:
    op.create_table(
        "journal_entry",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("chain", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("from_graph_id", sa.Text(), nullable=False),
        sa.Column("to_graph_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('planned', 'intended', 'moved', 'skipped', 'gone', 'failed')",
            name=op.f("ck_journal_entry_state"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id", "mailbox_id"],
            ["move_run.id", "move_run.mailbox_id"],
            name="fk_journal_entry_run_id_mailbox_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_journal_entry"),
        sa.UniqueConstraint("run_id", "message_id", name="uq_journal_entry_run_id_message_id"),
    )
    op.create_index("ix_journal_entry_run_id_chain_seq", "journal_entry", ["run_id", "chain", "seq"], unique=False)
