"""No mail text at rest: there is no column that could hold it in plain, and those for ids and codes refuse it."""

import pytest
from sqlalchemy import Column, Engine, Text, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.schema import CreateTable

from gateway.store import ids, scans
from gateway.store.column_types import CodeSet, CodeText, GraphId, OneOf, OpaqueId
from gateway.store.errors import TextRefused
from gateway.store.mailboxes import Mailbox
from gateway.store.tables import METADATA

CODES_AND_IDS = {
    "api_key": {"id", "person_id", "mailbox_id"},
    "api_key_scope": {"api_key_id", "scope"},
    "audit_cut": {"log", "key_id"},
    "audit_event": {"log", "id", "kind", "outcome", "reason", "object_id", "service", "trace_id", "key_id"},
    "audit_head": {"log"},
    "correction": {"id", "mailbox_id", "kind"},
    "correspondent": {"mailbox_id"},
    "decision": {
        *("id", "scan_id", "mailbox_id", "message_id", "kind", "folder_id", "reason", "engine", "decided_by"),
        "ruled_by",
    },
    "denied_token": {"id", "session_id"},
    "duty": {"name", "holder"},
    "dismissal": {"mailbox_id"},
    "exchange_code": {"session_id"},
    "finding": {"decision_id", "mailbox_id", "technique", "field", "rule_id"},
    "folder": {"id", "mailbox_id", "graph_id"},
    "incident_entry": {"incident_id", "kind", "role", "key_id"},
    "journal_entry": {
        *("id", "run_id", "mailbox_id", "message_id", "from_graph_id", "to_graph_id", "state", "code"),
    },
    "keeping": {"mailbox_id"},
    "learned_message": {"mailbox_id", "message_id", "folder_id"},
    "mailbox": {"id", "person_id"},
    "move_run": {"id", "mailbox_id", "scan_id", "kind", "undoes", "state", "error_code"},
    "owner_word": {"mailbox_id", "message_id", "folder_id"},
    "person": {"id"},
    "person_key": {"id", "person_id", "kek_id"},
    "profile": {"mailbox_id"},
    "person_plan": {"person_id", "plan"},
    "protection": {"id", "mailbox_id", "kind", "folder_id"},
    "provider_spending": {"person_id"},
    "refresh_token": {"session_id"},
    "rule": {"id", "mailbox_id", "kind", "folder_id"},
    "scan_charge": {"scan_id", "person_id"},
    "scan": {"id", "mailbox_id", "state", "source_graph_id", "error_code"},
    "session": {"id", "person_id"},
    "sign_in": set[str](),
    "used_proof": set[str](),
    "token_cache": {"mailbox_id", "access", "need", "granted"},
}
SEALED = {"claims_sealed", "cursor_sealed", "address_sealed", "sealed", "name_sealed", "description_sealed", "wrapped"}
KEYED_OR_HASHED = {
    *("subject_index", "sender_hash", "idempotency_hash", "browser_hash", "verifier_hash", "code_hash", "id"),
    *("key_hash", "proof_hash", "keyed_hash", "token_hash", "secret_hash", "list_hash", "organisation_hash"),
    *("person_mark", "mailbox_mark", "network_mark", "hash", "mac", "signature"),
}
NOT_ABOUT_A_MAILBOX = {
    *("person", "person_key", "session", "sign_in", "exchange_code", "provider_spending"),
    *("refresh_token", "denied_token", "used_proof", "api_key_scope", "person_plan", "scan_charge"),
    *("audit_event", "audit_head", "audit_cut"),  # a pseudonym names it
    *("duty", "incident_entry"),
}


def test_text_columns_are_a_closed_list(engine: Engine) -> None:
    """A new text column fails here until someone has said that it holds an id or a code."""
    columns = {table: inspect(engine).get_columns(table) for table in METADATA.tables}
    found = {table: {c["name"] for c in cs if isinstance(c["type"], Text)} for table, cs in columns.items()}
    assert found == CODES_AND_IDS


def test_blobs_are_sealed_or_hashed() -> None:
    """A blob is ciphertext or a hash, and its name says so."""
    blobs = {column.name for column in _columns() if column.type.python_type is bytes}
    assert blobs == SEALED | KEYED_OR_HASHED


def test_every_text_column_refuses_what_is_no_id_or_code() -> None:
    """A subject, an address or a name is refused by each column of ids or codes, whoever hands it in."""
    dialect = postgresql.dialect()
    for column in _columns():
        if not isinstance(column.type, OpaqueId | GraphId | CodeText | CodeSet | OneOf):
            assert not isinstance(column.type, Text), column
            continue
        for written in ("Re: your invoice", "erika@example.org", "Größe", "a\x00b", ""):
            value = frozenset({written}) if isinstance(column.type, CodeSet) else written
            with pytest.raises((TextRefused, ValueError)):
                column.type.process_bind_param(value, dialect)  # type: ignore[arg-type]  # wrong on purpose


def test_text_is_refused_on_its_way_into_the_database(engine: Engine, mailbox: Mailbox) -> None:
    """The refusal holds on a real insert, and the exception doesn't repeat the text."""
    with pytest.raises(StatementError) as caught, engine.begin() as connection:
        scans.create(connection, mailbox.id, source_graph_id="Post von Erika", now=1)
    assert isinstance(caught.value.orig, TextRefused)
    assert "Erika" not in str(caught.value)


def test_every_row_about_a_mailbox_names_it() -> None:
    """mailbox_id is on each table but the closed list that is not about a mailbox."""
    nameless = {name for name, table in METADATA.tables.items() if "mailbox_id" not in table.c}
    assert nameless == NOT_ABOUT_A_MAILBOX | {"mailbox"}


def test_a_decision_can_not_name_another_mailbox_than_its_scan(engine: Engine, mailbox: Mailbox) -> None:
    """The composite foreign key keeps a child in its parent's mailbox."""
    with engine.begin() as connection:
        scan = scans.create(connection, mailbox.id, source_graph_id="inbox", now=1)
    values = {
        "id": ids.new("dec"),
        "scan_id": scan.id,
        "mailbox_id": ids.new("mbx"),
        "message_id": "m",
        "seq": 0,
        "kind": "keep",
        "risk": 0.0,
        "reason": "none",
        "engine": "learned",
        "sender_hash": b"h",
        "decided_by": "engine",
    }
    with pytest.raises(IntegrityError, match=r"(?i)foreign ?key"), engine.begin() as connection:
        connection.execute(METADATA.tables["decision"].insert(), values)


def test_schema_compiles_for_postgresql() -> None:
    """Nothing in the schema is SQLite's own."""
    statements = [str(CreateTable(table).compile(dialect=postgresql.dialect())) for table in METADATA.sorted_tables]
    assert len(statements) == len(CODES_AND_IDS)
    assert any("BYTEA" in statement for statement in statements)


def test_ids_are_opaque_unique_and_of_a_known_kind() -> None:
    """128 random bits behind a prefix that says what is named; an unknown prefix is a bug."""
    made = {ids.new("scn") for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(one) == len("scn_") + 26 and one.startswith("scn_") for one in made)
    with pytest.raises(ValueError, match="prefix"):
        ids.new("foo")


def _columns() -> list[Column[object]]:
    return [column for table in METADATA.tables.values() for column in table.c]
