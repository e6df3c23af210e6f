"""A real chain: real keys, a vault, people with mailboxes, on SQLite and on PostgreSQL."""

from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes

import pytest
from sqlalchemy import Engine, text

from gateway.audit.attestation import Attestation
from gateway.audit.event import Event, Log
from gateway.audit.tally import Tally
from gateway.audit.trail import Trail
from gateway.audit.verification import Report, Verifier
from gateway.store import audit as rows
from gateway.store import ids, mailboxes, people, reading
from gateway.store.audit import Entry, Head
from gateway.store.mailboxes import Mailbox
from gateway.vault.keyring import Keyring
from gateway.vault.root import FileRoot
from gateway.vault.vault import Vault

NOW = 1_700_000_000_000
DEPLOYMENT = "test"
TRIGGERS = [
    *("audit_event_no_update", "audit_event_no_delete", "audit_cut_no_update", "audit_cut_no_delete"),
    *("audit_head_forward", "audit_head_no_delete"),
]
TABLES = {name: f"audit_{name.split('_')[1]}" for name in TRIGGERS}


@dataclass
class Book:
    """The log, and what a test does to it."""

    engine: Engine
    keyring: Keyring
    moment: int = NOW
    failures: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tally = Tally()
        self.vault = Vault(self.keyring, DEPLOYMENT, now=lambda: self.moment, note=self.tally.note)
        self.trail = self.opened()
        self.attestation = Attestation(self.keyring, DEPLOYMENT)

    def opened(self) -> Trail:
        """Another process on the same log."""
        return Trail(
            self.keyring,
            self.vault,
            DEPLOYMENT,
            tally=self.tally,
            failed=lambda: self.failures.append(1),
            now=lambda: self.moment,
        )

    def mailbox(self) -> Mailbox:
        """One more person with a key and a mailbox."""
        with self.engine.begin() as connection:
            person = people.create(connection, token_bytes(32), now=NOW)
            self.vault.create_key(connection, person.id)
            new = Mailbox(ids.new("mbx"), person.id, token_bytes(32), b"sealed", NOW)
            mailboxes.add(connection, new)
        return new

    def record(self, *events: Event) -> list[Entry]:
        """Each in a transaction of its own."""
        made = []
        for event in events:
            with self.engine.begin() as connection:
                made.append(self.trail.record(connection, event))
        return made

    def all(self) -> list[Entry]:
        with reading(self.engine) as connection:
            return [entry for log in Log for entry in rows.after(connection, log, 0, limit=10_000)]

    def verify(self, *, since: int | None = None, noted: Head | None = None) -> Report:
        """The report of the audit log; the security log must be whole."""
        verifier = Verifier(self.keyring, DEPLOYMENT)
        with reading(self.engine) as connection:
            audit = verifier.verify(connection, Log.AUDIT, since=since, noted=noted)
            security = verifier.verify(connection, Log.SECURITY, since=since)
        assert security.broken is None
        return audit

    def head(self) -> Head:
        with reading(self.engine) as connection:
            found = rows.head(connection, Log.AUDIT)
        assert found is not None
        return found

    def attack(self, *statements: str, **values: object) -> None:
        """SQL of somebody who may even drop the triggers."""
        with self.engine.begin() as connection:
            for name in TRIGGERS:
                on = "" if self.engine.dialect.name == "sqlite" else f" ON {TABLES[name]}"
                connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{on}"))
            for statement in statements:
                connection.execute(text(statement), values)


@pytest.fixture
def keyring(tmp_path: Path, data_folder: Path) -> Keyring:
    root = FileRoot(tmp_path / "root.key", data_folder=data_folder)
    return Keyring.create(root, data_folder / "keys", now=NOW)


@pytest.fixture
def log(database: Engine, keyring: Keyring) -> Book:
    return Book(database, keyring)
