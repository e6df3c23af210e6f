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
from gateway.store import (
    api_keys,
    clock,
    corrections,
    correspondents,
    decisions,
    denied_tokens,
    dismissals,
    exchange_codes,
    folders,
    ids,
    journal,
    keepings,
    learned_messages,
    mailboxes,
    move_runs,
    owner_words,
    people,
    person_plans,
    profiles,
    protections,
    reading,
    refresh_tokens,
    rules,
    scan_charges,
    scans,
    sessions,
    sign_ins,
    spending,
    token_caches,
)
from gateway.store.api_keys import ApiKey
from gateway.store.codes import Access, CorrectionKind, DecisionKind, MatcherKind, ProtectionKind, Scope, WorkState
from gateway.store.corrections import Correction
from gateway.store.decisions import Finding, NewDecision
from gateway.store.exchange_codes import ExchangeCode
from gateway.store.folders import Folder
from gateway.store.journal import PlannedMove
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
        folder_id = ids.new("fld")
        cells = (Cell("folder", folder_id, "name_sealed"), Cell("folder", folder_id, "description_sealed"))
        sealed = [self._seal(connection, owner, cell, f"{name} {cell.column}") for cell in cells]
        folder = Folder(folder_id, mailbox.id, "AAMkFolder", *sealed, chosen=True, origin=False, revision=1)
        folders.add(connection, folder)
        token = self._seal(connection, owner, Cell("token_cache", mailbox.id, "sealed"), f"{name} token")
        token_caches.put(connection, mailbox.id, sealed=token, access=Access.FULL, expected=token_caches.ABSENT)
        learned = self._seal(connection, owner, Cell("profile", mailbox.id, "sealed"), f"{name} profile")
        profiles.put(connection, mailbox.id, sealed=learned, learned=1, expected=profiles.ABSENT)
        learned_messages.record(connection, mailbox.id, {"m1": folder.id})
        corrections.keep(connection, Correction(ids.new("cor"), mailbox.id, CorrectionKind.TEXT, token_bytes(32), now))
        self._rule(connection, mailbox, folder_id, name)
        self.scanned(connection, mailbox, folder_id)
        session = sessions.create(connection, owner, now=now, expires_at=now + 8 * clock.HOUR)
        code = ExchangeCode(token_bytes(32), session.id, b"v", now + clock.MINUTE)
        exchange_codes.add(connection, code)
        sign_ins.add(connection, SignIn(token_bytes(32), b"sealed", b"h", now + 10 * clock.MINUTE))
        some = spending.Spending(5, 5)
        spending.reserve(connection, owner, spending.day_of(now), wanted=some, cap=some)
        key_id = ids.new("apk")
        name_sealed = self._seal(connection, owner, Cell("api_key", key_id, "name_sealed"), f"{name} program")
        ends = now + 30 * clock.DAY
        scopes = frozenset({Scope.READ})
        key = ApiKey(key_id, owner, mailbox.id, token_bytes(32), name_sealed, now, ends, None, scopes)
        api_keys.add(connection, key)
        refresh_tokens.add(connection, token_bytes(32), session.id)
        denied_tokens.deny(connection, ids.new("jti"), session.id, expires_at=now + clock.MINUTE)
        person_plans.put(connection, owner, "free", now=now)
        scan_charges.add(connection, owner, ids.new("scn"), plan.month_of(now))
        self.audit.record(connection, Event(Kind.SIGN_IN, person=owner, mailbox=mailbox.id, object_id=session.id))
        self.audit.record(connection, Event(Kind.SCAN_STARTED, mailbox=mailbox.id))

    def _rule(self, connection: Connection, mailbox: Mailbox, folder_id: str, name: str) -> None:
        """What rules, protections and proposals keep."""
        rule, protection = ids.new("rul"), ids.new("pro")
        whose = [
            self._seal(connection, mailbox.person_id, Cell(table, key, "sealed"), f"{name} {table}")
            for table, key in (("rule", rule), ("protection", protection))
        ]
        by_sender = (MatcherKind.SENDER, token_bytes(32), whose[0])
        rules.add(connection, rules.Rule(rule, mailbox.id, *by_sender, folder_id, self.moment))
        of_sender = (ProtectionKind.SENDER, token_bytes(32), whose[1], None)
        protections.add(connection, protections.Protection(protection, mailbox.id, *of_sender, self.moment))
        keepings.put(connection, keepings.Keeping(mailbox.id, replied_to=True, flagged=False, younger_than_hours=1))
        correspondents.replace(connection, mailbox.id, [token_bytes(32)])
        word = owner_words.OwnerWord(mailbox.id, "m1", folder_id, token_bytes(16), None, None, self.moment)
        owner_words.note(connection, mailbox.id, [word])
        dismissals.note(connection, mailbox.id, token_bytes(32), now=self.moment)

    def scanned(self, connection: Connection, mailbox: Mailbox, folder_id: str, *, ended: bool = True) -> str:
        """A scan with a decision, its evidence, a run and its journal."""
        scan = scans.create(connection, mailbox.id, source_graph_id="inbox", now=self.moment)
        seen = (Finding("override", "subject", 0, 1, 1.0, "r"),)
        held = NewDecision("m1", DecisionKind.HOLD, None, None, 1.0, "finding", "sentinel", token_bytes(16), seen)
        moved = NewDecision("m2", DecisionKind.MOVE, folder_id, 0.9, 0.0, "sender", "learned", token_bytes(16))
        decisions.save(connection, scan.id, [held, moved])
        run = move_runs.create(connection, mailbox.id, scan_id=scan.id, now=self.moment)
        journal.plan(connection, run.id, [PlannedMove("m2", "inbox", "AAMkFolder")], now=self.moment)
        if ended:
            scans.finish(connection, scan.id, WorkState.DONE, now=self.moment)
            move_runs.finish(connection, run.id, WorkState.DONE, now=self.moment)
        return scan.id


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
