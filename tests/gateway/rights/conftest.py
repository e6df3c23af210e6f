"""People with something in every table, on SQLite and PostgreSQL, and a clock that the test moves."""

import csv
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pytest
from filling import fill, scanned
from sqlalchemy import Connection, Engine, func, select

from gateway.audit.attestation import Attestation
from gateway.audit.event import Event, Kind
from gateway.audit.tally import Tally
from gateway.audit.trail import Trail
from gateway.audit.verification import Verifier
from gateway.identity.jwt import Principal
from gateway.organise import plan
from gateway.organise.context import Context
from gateway.rights import export
from gateway.rights.export import Held
from gateway.rights.retention import Periods, Retention
from gateway.store import clock, ids, incidents, mailboxes, people, reading, sessions, sign_ins, used_proofs
from gateway.store.incidents import Row
from gateway.store.mailboxes import Mailbox
from gateway.store.sign_ins import SignIn
from gateway.store.tables import METADATA
from gateway.vault.keyring import Keyring
from gateway.vault.root import FileRoot
from gateway.vault.vault import Cell, Vault

NOW = 1_800_000_000_000
YEAR = 365 * clock.DAY


@dataclass
class Office:
    """What main builds, without a network."""

    engine: Engine
    keyring: Keyring
    moment: int = NOW

    def __post_init__(self) -> None:
        self.tally = Tally()
        self.vault = Vault(self.keyring, "test", now=self.now, note=self.tally.note)
        self.audit = Trail(self.keyring, self.vault, "test", tally=self.tally, failed=lambda: None, now=self.now)
        nobody: Any = None
        self.context = Context(self.engine, self.vault, nobody, nobody, 0.0, plan.load(None, "unlimited"), self.audit)
        self.attestation = Attestation(self.keyring, "test")

    def now(self) -> int:
        return self.moment

    def retention(self, holder: str = "one", **days: int) -> Retention:
        kept = {"metadata": 365, "audit": 365, "security": 90, **days}
        periods = Periods(*(kept[name] * clock.DAY for name in Periods._fields))
        verifier = Verifier(self.keyring, "test")
        return Retention(self.engine, self.audit, verifier, self.attestation, periods, holder=holder, now=self.now)

    def person(self, name: str) -> Mailbox:
        """Somebody with at least one row in each table, as old as the clock says."""
        with self.engine.begin() as connection:
            person = people.create(connection, token_bytes(32), now=self.moment)
            self.vault.create_key(connection, person.id)
            mailbox = self._mailbox(connection, person.id, name)
            self._fill(connection, mailbox, name)
        return mailbox

    def another(self, mailbox: Mailbox, name: str) -> Mailbox:
        """One more mailbox of the same person, with at least one row in each table that is about a mailbox."""
        with self.engine.begin() as connection:
            made = self._mailbox(connection, mailbox.person_id, name)
            self._fill(connection, made, name)
        return made

    def caller(self, mailbox: Mailbox) -> Principal:
        """Its owner, signed in just now."""
        with reading(self.engine) as connection:
            session_id = sessions.ids_of_person(connection, mailbox.person_id)[0]
        return Principal(mailbox.person_id, session_id, "jti_1")

    def counts(self) -> dict[str, int]:
        with reading(self.engine) as connection:
            return {
                name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in METADATA.tables.items()
            }

    def exported(self, mailbox: Mailbox) -> "Archive":
        parts = export.stream(self.engine, self.vault, self.audit, Held(mailbox.person_id, [mailbox.id]))
        return Archive(b"".join(parts))

    def _seal(self, connection: Connection, person_id: str, cell: Cell, words: str) -> bytes:
        return self.vault.seal(connection, person_id, cell, words.encode())

    def _mailbox(self, connection: Connection, person_id: str, name: str) -> Mailbox:
        mailbox_id = ids.new("mbx")
        cell = Cell("mailbox", mailbox_id, "address_sealed")
        address = self._seal(connection, person_id, cell, f"{name}@example.test")
        made = Mailbox(mailbox_id, person_id, token_bytes(32), address, self.moment)
        mailboxes.add(connection, made)
        return made

    def _fill(self, connection: Connection, mailbox: Mailbox, name: str) -> None:
        owner, now = mailbox.person_id, self.moment

        def seal(cell: Cell, kind: str) -> bytes:
            return self._seal(connection, owner, cell, f"{name} {kind}")

        session = fill(connection, mailbox, seal, now=now)
        sign_ins.add(connection, SignIn(token_bytes(32), b"sealed", b"h", now + 10 * clock.MINUTE))
        used_proofs.use(connection, token_bytes(32), expires_at=now + clock.MINUTE)
        last = incidents.last(connection)
        seq = 1 if last is None else last.seq + 1
        incidents.append(connection, Row(seq, ids.new("inc"), now, "opened", "sre", b"sealed", b"", b"", "key_1"))
        self.audit.record(connection, Event(Kind.SIGN_IN, person=owner, mailbox=mailbox.id, object_id=session))
        self.audit.record(connection, Event(Kind.SCAN_STARTED, mailbox=mailbox.id))

    def scanned(self, connection: Connection, mailbox: Mailbox, folder_id: str, *, ended: bool = True) -> str:
        """A scan with a decision, its evidence, a run and its journal; its id."""
        return scanned(connection, mailbox, folder_id, now=self.moment, ended=ended)


class Archive:
    """An export, opened."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._zip = zipfile.ZipFile(io.BytesIO(content))
        self.manifest: dict[str, Any] = json.loads(self._zip.read("manifest.json"))
        self.everything = b"".join(self._zip.read(name) for name in self._zip.namelist())

    def rows(self, table: str) -> list[dict[str, Any]]:
        (name,) = [file["name"] for file in self.manifest["files"] if file["table"] == table]
        text = self._zip.read(name).decode()
        return json.loads(text) if name.endswith(".json") else list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def office(database: Engine, tmp_path: Path, data_folder: Path) -> Office:
    root = FileRoot(tmp_path / "root.key", data_folder=data_folder)
    return Office(database, Keyring.create(root, data_folder / "keys", now=NOW))
