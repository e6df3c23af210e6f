"""The schema, once. Migrations must produce exactly this (tests/gateway/store/test_migrations.py).

- Text columns hold ids and codes only (column_types refuses the rest); whatever a person or a sender wrote is in a
  `*sealed` blob or not here at all.
- Each row about a mailbox names it. Where a parent names it too, a composite foreign key keeps the two equal.
- Deleting a mailbox takes everything below it along (ON DELETE CASCADE): erasure can't forget a table.
- Times are unix milliseconds (gateway.store.clock).
"""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    false,
    text,
)

from gateway.store.codes import (
    Access,
    CorrectionKind,
    DecidedBy,
    DecisionKind,
    EntryState,
    MatcherKind,
    Need,
    ProtectionKind,
    RunKind,
    Scope,
    WorkState,
)
from gateway.store.column_types import CodeSet, CodeText, GraphId, OneOf, OpaqueId

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _one_of(column: str, codes: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(code.value) for code in codes)})", name=column)


def _id() -> Column[str]:
    return Column("id", OpaqueId, primary_key=True)


def _person_id() -> Column[str]:
    return Column("person_id", OpaqueId, ForeignKey("person.id"), nullable=False)


def _mailbox_id(*, primary_key: bool = False) -> Column[str]:
    parent = ForeignKey("mailbox.id", ondelete="CASCADE")
    return Column("mailbox_id", OpaqueId, parent, primary_key=primary_key, nullable=False)


def _revision() -> Column[int]:
    return Column("revision", Integer, nullable=False)


# An erased person stays as a tombstone without an index: signing in again makes a new person.
person = Table(
    "person",
    METADATA,
    _id(),
    Column("subject_index", LargeBinary, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("erased_at", BigInteger),
    CheckConstraint("(subject_index IS NULL) = (erased_at IS NOT NULL)", name="tombstone"),
)

person_key = Table(
    "person_key",
    METADATA,
    _id(),
    _person_id(),
    Column("kek_id", OpaqueId, nullable=False, index=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("uses", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("person_id", "generation"),
)

mailbox = Table(
    "mailbox",
    METADATA,
    _id(),
    _person_id(),
    Column("subject_index", LargeBinary, nullable=False),
    Column("address_sealed", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("person_id", "subject_index"),
    Index(None, "subject_index", unique=True),  # one Microsoft account is one mailbox, of one person
)

token_cache = Table(
    "token_cache",
    METADATA,
    _mailbox_id(primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    Column("access", OneOf(Access), nullable=False),
    Column("need", OneOf(Need)),
    Column("claims_sealed", LargeBinary),
    Column("claimed_until", BigInteger),
    Column("granted", CodeSet),
    _one_of("access", Access),
    _one_of("need", Need),
    CheckConstraint("claims_sealed IS NULL OR need IS NOT NULL", name="claims_are_needed"),
)

folder = Table(
    "folder",
    METADATA,
    _id(),
    _mailbox_id(),
    Column("graph_id", GraphId, nullable=False),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("description_sealed", LargeBinary),
    Column("chosen", Boolean, nullable=False),
    Column("origin", Boolean, nullable=False, server_default=false()),
    _revision(),
    UniqueConstraint("mailbox_id", "graph_id"),
)

profile = Table(
    "profile",
    METADATA,
    _mailbox_id(primary_key=True),
    Column("version", Integer, nullable=False),
    Column("learned", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

# folder_id without a foreign key, here and in decision: a folder may go while what was learned or decided stays.
learned_message = Table(
    "learned_message",
    METADATA,
    _mailbox_id(primary_key=True),
    Column("message_id", GraphId, primary_key=True),
    Column("folder_id", OpaqueId, nullable=False),
    Column("forgotten", Boolean, nullable=False, server_default=false()),
)

# What the owner said is no attack: a keyed hash, of which nothing can be read.
correction = Table(
    "correction",
    METADATA,
    _id(),
    _mailbox_id(),
    Column("kind", OneOf(CorrectionKind), nullable=False),
    Column("keyed_hash", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("mailbox_id", "kind", "keyed_hash"),
    _one_of("kind", CorrectionKind),
)

# By whose mail a rule knows what it files is sealed; keyed_hash is of the same, so that there is one rule for it.
rule = Table(
    "rule",
    METADATA,
    _id(),
    _mailbox_id(),
    Column("kind", OneOf(MatcherKind), nullable=False),
    Column("keyed_hash", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("folder_id", OpaqueId, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("mailbox_id", "keyed_hash"),
    _one_of("kind", MatcherKind),
)

# A protected folder is an id of ours; whose mail is protected is sealed.
protection = Table(
    "protection",
    METADATA,
    _id(),
    _mailbox_id(),
    Column("kind", OneOf(ProtectionKind), nullable=False),
    Column("keyed_hash", LargeBinary, nullable=False),
    Column("sealed", LargeBinary),
    Column("folder_id", OpaqueId),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("mailbox_id", "keyed_hash"),
    _one_of("kind", ProtectionKind),
    CheckConstraint("(kind = 'folder') = (folder_id IS NOT NULL)", name="folder_is_named"),
    CheckConstraint("(kind = 'folder') = (sealed IS NULL)", name="mail_is_sealed"),
)

# What stays by itself in a mailbox. Without a row: gateway.organise.rules.protection.Keeping's defaults.
keeping = Table(
    "keeping",
    METADATA,
    _mailbox_id(primary_key=True),
    Column("replied_to", Boolean, nullable=False),
    Column("flagged", Boolean, nullable=False),
    Column("younger_than_hours", Integer, nullable=False),
)

# Whom the owner wrote to, as the newest of their Sent Items said at the last scan.
correspondent = Table(
    "correspondent",
    METADATA,
    _mailbox_id(primary_key=True),
    Column("keyed_hash", LargeBinary, primary_key=True),
)

# Where the owner said that a message belongs (no folder: where it was), and the hashes by which such words are grouped.
owner_word = Table(
    "owner_word",
    METADATA,
    _mailbox_id(primary_key=True),
    Column("message_id", GraphId, primary_key=True),
    Column("folder_id", OpaqueId),
    Column("sender_hash", LargeBinary, nullable=False),
    Column("list_hash", LargeBinary),
    Column("organisation_hash", LargeBinary),
    Column("at", BigInteger, nullable=False),
    Index(None, "mailbox_id", "at"),
)

# A proposal that the owner does not want to see again.
dismissal = Table(
    "dismissal",
    METADATA,
    _mailbox_id(primary_key=True),
    Column("keyed_hash", LargeBinary, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

# What asking an AI provider cost a person on a day (days since 1970, UTC), what is reserved for calls included.
provider_spending = Table(
    "provider_spending",
    METADATA,
    Column("person_id", OpaqueId, ForeignKey("person.id"), primary_key=True, nullable=False),
    Column("day", Integer, primary_key=True, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("nanos", BigInteger, nullable=False),
    CheckConstraint("tokens >= 0 AND nanos >= 0", name="spent"),
)

# The operator's word. Whoever is not here has the usual plan.
person_plan = Table(
    "person_plan",
    METADATA,
    Column("person_id", OpaqueId, ForeignKey("person.id"), primary_key=True, nullable=False),
    Column("plan", CodeText, nullable=False),
    Column("since", BigInteger, nullable=False),
)

# scan_id without a foreign key: the charge outlives the mailbox.
scan_charge = Table(
    "scan_charge",
    METADATA,
    Column("scan_id", OpaqueId, primary_key=True),
    _person_id(),
    Column("month", Integer, nullable=False),
    Index(None, "person_id", "month"),
)

scan = Table(
    "scan",
    METADATA,
    _id(),
    _mailbox_id(),
    Column("state", OneOf(WorkState), nullable=False),
    Column("source_graph_id", GraphId, nullable=False),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("learned", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("cursor_sealed", LargeBinary),
    _revision(),
    Column("error_code", CodeText),
    Column("created_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("most", Integer),
    Column("pace_us", BigInteger),
    Column("paused_at", BigInteger),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("id", "mailbox_id"),
    Index(None, "mailbox_id", "created_at"),
    _one_of("state", WorkState),
)

decision = Table(
    "decision",
    METADATA,
    _id(),
    Column("scan_id", OpaqueId, nullable=False),
    Column("mailbox_id", OpaqueId, nullable=False),
    Column("message_id", GraphId, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", OneOf(DecisionKind), nullable=False),
    Column("folder_id", OpaqueId),
    Column("confidence", Double),
    Column("risk", Double, nullable=False),
    Column("reason", CodeText, nullable=False),
    Column("engine", CodeText, nullable=False),
    Column("sender_hash", LargeBinary, nullable=False),
    Column("decided_by", OneOf(DecidedBy), nullable=False),
    Column("ruled_by", OpaqueId),
    Column("list_hash", LargeBinary),
    Column("organisation_hash", LargeBinary),
    ForeignKeyConstraint(["scan_id", "mailbox_id"], ["scan.id", "scan.mailbox_id"], ondelete="CASCADE"),
    UniqueConstraint("scan_id", "message_id"),
    Index(None, "scan_id", "seq", unique=True),
    Index(None, "mailbox_id", "message_id"),
    _one_of("kind", DecisionKind),
    _one_of("decided_by", DecidedBy),
    CheckConstraint("kind <> 'move' OR folder_id IS NOT NULL", name="move_names_a_folder"),
)

finding = Table(
    "finding",
    METADATA,
    Column("decision_id", OpaqueId, ForeignKey("decision.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("mailbox_id", OpaqueId, nullable=False),
    Column("technique", CodeText, nullable=False),
    Column("field", CodeText, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("weight", Double, nullable=False),
    Column("rule_id", CodeText, nullable=False),
)

move_run = Table(
    "move_run",
    METADATA,
    _id(),
    _mailbox_id(),
    Column("scan_id", OpaqueId, nullable=False),
    Column("kind", OneOf(RunKind), nullable=False),
    Column("undoes", OpaqueId, ForeignKey("move_run.id", ondelete="CASCADE"), index=True),
    Column("state", OneOf(WorkState), nullable=False),
    Column("total", Integer, nullable=False),
    Column("moved", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("idempotency_hash", LargeBinary),
    Column("error_code", CodeText),
    Column("created_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("pace_us", BigInteger),
    Column("paused_at", BigInteger),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("stopping", Boolean, nullable=False, server_default=false()),
    ForeignKeyConstraint(["scan_id", "mailbox_id"], ["scan.id", "scan.mailbox_id"], ondelete="CASCADE"),
    UniqueConstraint("id", "mailbox_id"),
    UniqueConstraint("mailbox_id", "idempotency_hash"),
    Index(None, "scan_id"),
    Index(None, "mailbox_id", "created_at"),
    _one_of("state", WorkState),
    _one_of("kind", RunKind),
    CheckConstraint("(kind = 'undo') = (undoes IS NOT NULL)", name="undo_names_a_run"),
)

journal_entry = Table(
    "journal_entry",
    METADATA,
    _id(),
    Column("run_id", OpaqueId, nullable=False),
    Column("mailbox_id", OpaqueId, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("chain", Integer, nullable=False),
    Column("message_id", GraphId, nullable=False),
    Column("from_graph_id", GraphId, nullable=False),
    Column("to_graph_id", GraphId, nullable=False),
    Column("state", OneOf(EntryState), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("code", CodeText),
    Column("updated_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["run_id", "mailbox_id"], ["move_run.id", "move_run.mailbox_id"], ondelete="CASCADE"),
    UniqueConstraint("run_id", "message_id"),
    Index(None, "run_id", "chain", "seq"),
    Index(None, "mailbox_id", "message_id"),
    _one_of("state", EntryState),
)

session = Table(
    "session",
    METADATA,
    _id(),
    Column("person_id", OpaqueId, ForeignKey("person.id"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("last_seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("revoked_at", BigInteger),
    Column("key_hash", LargeBinary),
)

# Sealed under a gateway key: at this point there is no person yet.
sign_in = Table(
    "sign_in",
    METADATA,
    Column("id", LargeBinary, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("browser_hash", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

exchange_code = Table(
    "exchange_code",
    METADATA,
    Column("code_hash", LargeBinary, primary_key=True),
    Column("session_id", OpaqueId, ForeignKey("session.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("verifier_hash", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("used_at", BigInteger),
)

# A session's refresh tokens, spent ones too: a spent one that comes back was stolen.
refresh_token = Table(
    "refresh_token",
    METADATA,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("session_id", OpaqueId, ForeignKey("session.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("spent_at", BigInteger),
)

# Proofs of a session's key that were used, as long as they could be used again.
used_proof = Table(
    "used_proof",
    METADATA,
    Column("proof_hash", LargeBinary, primary_key=True),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

# Single access tokens that are refused before their time, by their jti.
denied_token = Table(
    "denied_token",
    METADATA,
    _id(),
    Column("session_id", OpaqueId, ForeignKey("session.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

# Without a mailbox it is for all of the person's. A key that was revoked is a row that is gone.
api_key = Table(
    "api_key",
    METADATA,
    _id(),
    Column("person_id", OpaqueId, ForeignKey("person.id"), nullable=False, index=True),
    Column("mailbox_id", OpaqueId, ForeignKey("mailbox.id", ondelete="CASCADE"), index=True),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("last_used_on", Integer),
)

api_key_scope = Table(
    "api_key_scope",
    METADATA,
    Column("api_key_id", OpaqueId, ForeignKey("api_key.id", ondelete="CASCADE"), primary_key=True),
    Column("scope", OneOf(Scope), primary_key=True),
    _one_of("scope", Scope),
)

# The audit log: no foreign keys, it outlives what it speaks of. People and mailboxes are in it as pseudonyms under the
# person's own key. Triggers (migration 0006) keep all three tables append-only.
audit_event = Table(
    "audit_event",
    METADATA,
    Column("log", CodeText, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", OpaqueId, nullable=False, unique=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", CodeText, nullable=False),
    Column("outcome", CodeText, nullable=False),
    Column("reason", CodeText),
    Column("person_mark", LargeBinary),
    Column("mailbox_mark", LargeBinary),
    Column("object_id", OpaqueId),
    Column("amount", BigInteger, nullable=False),
    Column("service", CodeText, nullable=False),
    Column("network_mark", LargeBinary),
    Column("trace_id", CodeText),
    Column("hash", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    Column("key_id", OpaqueId, nullable=False),
    Index(None, "mailbox_mark", "log", "seq"),
    Index(None, "person_mark", "log", "seq"),
)

audit_head = Table(
    "audit_head",
    METADATA,
    Column("log", CodeText, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

audit_cut = Table(
    "audit_cut",
    METADATA,
    Column("log", CodeText, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("key_id", OpaqueId, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

# The register of incidents: no foreign keys, and nothing ever goes. Triggers (migration 0015) keep it append-only.
incident_entry = Table(
    "incident_entry",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("incident_id", OpaqueId, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", CodeText, nullable=False),
    Column("role", CodeText, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    Column("key_id", OpaqueId, nullable=False),
    Index(None, "incident_id", "seq"),
)

# Work that comes again and that one replica does at a time (gateway.store.duties).
duty = Table(
    "duty",
    METADATA,
    Column("name", CodeText, primary_key=True),
    Column("holder", CodeText, nullable=False),
    Column("held_until", BigInteger, nullable=False),
    Column("done_at", BigInteger, nullable=False),
)
