"""A real register on a real audit log, on SQLite and on PostgreSQL, and a clock that the test moves."""

from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pytest
from sqlalchemy import Engine, text

from gateway.audit.event import Event
from gateway.audit.tally import Tally
from gateway.audit.trail import Trail
from gateway.incidents.entry import Body, Opened, Role, Severity
from gateway.incidents.incident import Incident
from gateway.incidents.register import Author, Register, Report
from gateway.store import clock, ids, mailboxes, people, reading
from gateway.store import incidents as rows
from gateway.store.incidents import Row
from gateway.store.mailboxes import Mailbox
from gateway.vault.keyring import Keyring
from gateway.vault.root import FileRoot
from gateway.vault.vault import Vault

NOW = 1_800_000_000_000
SRE, DPO = Author(Role.SRE, "Sam"), Author(Role.DPO, "Dana")
TRIGGERS = {
    *("incident_entry_no_update", "incident_entry_no_delete"),
}


@dataclass
class Desk:
    """The register, and what a test does to it."""

    engine: Engine
    keyring: Keyring
    moment: int = NOW

    def __post_init__(self) -> None:
        self.tally = Tally()
        self.vault = Vault(self.keyring, "test", now=self.now)
        self.trail = Trail(self.keyring, self.vault, "test", tally=self.tally, failed=lambda: None, now=self.now)
        self.register = Register(self.keyring, "test", self.trail, now=self.now)

    def now(self) -> int:
        return self.moment

    def pass_hours(self, hours: float) -> None:
        self.moment += round(hours * clock.HOUR)

    def opened(self, said: str = "Tokens were refused in numbers", **more: Any) -> str:
        with self.engine.begin() as connection:
            return self.register.open(connection, SRE, Opened(said, Severity.HIGH, **more))

    def write(self, incident_id: str, *bodies: Body, author: Author = DPO) -> None:
        for body in bodies:
            with self.engine.begin() as connection:
                self.register.write(connection, author, incident_id, body)

    def incident(self, incident_id: str) -> Incident:
        with reading(self.engine) as connection:
            return self.register.incident(connection, incident_id)

    def incidents(self) -> list[Incident]:
        with reading(self.engine) as connection:
            return self.register.incidents(connection)

    def rows(self) -> list[Row]:
        with reading(self.engine) as connection:
            return rows.every(connection)

    def verify(self) -> Report:
        with reading(self.engine) as connection:
            return self.register.verify(connection)

    def mailbox(self) -> Mailbox:
        """One more person with a key and a mailbox."""
        with self.engine.begin() as connection:
            person = people.create(connection, token_bytes(32), now=NOW)
            self.vault.create_key(connection, person.id)
            new = Mailbox(ids.new("mbx"), person.id, token_bytes(32), b"sealed", NOW)
            mailboxes.add(connection, new)
        return new

    def event(self, event: Event) -> str:
        """An event of the audit log; its id."""
        with self.engine.begin() as connection:
            return self.trail.record(connection, event).id

    def attack(self, *statements: str, **values: object) -> None:
        """SQL of somebody who may even drop the triggers."""
        with self.engine.begin() as connection:
            for name in TRIGGERS:
                on = " ON incident_entry" if self.engine.dialect.name == "postgresql" else ""
                connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{on}"))
            for statement in statements:
                connection.execute(text(statement), values)


@pytest.fixture
def desk(database: Engine, tmp_path: Path, data_folder: Path) -> Desk:
    root = FileRoot(tmp_path / "root.key", data_folder=data_folder)
    return Desk(database, Keyring.create(root, data_folder / "keys", now=NOW))


@pytest.fixture
def sre() -> Author:
    return SRE


@pytest.fixture
def dpo() -> Author:
    return DPO
