"""The register: sealed entries in one chain, each told in the audit log, in one transaction.

    hash = SHA-256(frame("incident/1", deployment, hash of the entry before, each column in order))
    mac  = HMAC-SHA-256(HMAC-SHA-256(audit key, "incidents"), hash)

The audit event of an entry has the entry's hash as its reason, so an end that was cut off shows as long as the audit
log is kept. What was said is sealed under a key of its own purpose, bound to deployment, incident, number and kind; the
chain is of the sealed form, so it verifies without opening anything.
"""

import hmac
from collections.abc import Callable, Sequence
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from gateway.audit import chain
from gateway.audit.event import Event, Log, Outcome
from gateway.audit.trail import Trail
from gateway.incidents import refusal, words
from gateway.incidents.entry import EVENTS, Body, Entry, Evidence, Label, Opened, Role, code
from gateway.incidents.incident import Incident, fold, fold_each
from gateway.incidents.refusal import IncidentRefused
from gateway.store import audit, clock, ids
from gateway.store import incidents as rows
from gateway.store.incidents import Row
from gateway.vault import envelope
from gateway.vault.errors import DecryptFailed
from gateway.vault.keyring import Key, Keyring, Purpose

FORMAT: Final = "incident/1"
MOST_EVENTS: Final = 10_000  # of one entry of evidence


class _Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is sealed."""

    operator: Label
    body: Body


class Author(NamedTuple):
    """Who writes: what they proved to be, and what they call themselves."""

    role: Role
    operator: str


class Fault(StrEnum):
    """How the register breaks."""

    MISSING = "missing"
    ALTERED = "altered"
    FORGED = "forged"
    TRUNCATED = "truncated"


class Report(NamedTuple):
    """How many entries were good, and the first number that is wrong and how, if any."""

    checked: int
    broken: tuple[int, Fault] | None


class Register:
    """One per process."""

    def __init__(self, keyring: Keyring, deployment: str, audit: Trail, *, now: Callable[[], int] = clock.now) -> None:
        self._keyring = keyring
        self._deployment = deployment
        self._audit = audit
        self._now = now

    def open(self, connection: Connection, author: Author, body: Opened) -> str:
        """A new incident; its id. Raises IncidentRefused, AuditUnavailable."""
        self._audit.hold(connection)
        incident_id = ids.new("inc")
        self._append(connection, author, incident_id, None, body)
        return incident_id

    def write(self, connection: Connection, author: Author, incident_id: str, body: Body) -> None:
        """One more entry. Raises IncidentRefused, RoleRefused (then record it: `refused`), AuditUnavailable."""
        self._audit.hold(connection)
        found = self.incident(connection, incident_id)
        refusal.check_role(author.role, body)
        self._append(connection, author, incident_id, found, body)

    def refused(self, connection: Connection, incident_id: str, body: Body) -> None:
        """Tell in the audit log that a role tried what it may not."""
        self._audit.record(connection, Event(EVENTS[type(body)], Outcome.REFUSED, object_id=incident_id, reason="role"))

    def incident(self, connection: Connection, incident_id: str) -> Incident:
        """As it stands. Raises IncidentRefused when there is none, DecryptFailed."""
        found = rows.of(connection, incident_id)
        if not found:
            raise IncidentRefused("There is no such incident.", "Nothing here has this id.", "See `list`.")
        return fold([self._opened(row) for row in found])

    def incidents(self, connection: Connection) -> list[Incident]:
        """All of them, in the order in which they were opened. Raises DecryptFailed."""
        return fold_each([self._opened(row) for row in rows.every(connection)])

    def verify(self, connection: Connection) -> Report:
        """Walk the chain, then look whether every entry that the audit log tells of is there."""
        before, checked, found = chain.GENESIS, 0, rows.every(connection)
        for row in found:
            fault = self._fault(row, checked + 1, before)
            if fault is not None:
                return Report(checked, (checked + 1, fault))
            before, checked = row.hash, checked + 1
        told = audit.reasons(connection, Log.AUDIT, [kind.value for kind in EVENTS.values()], Outcome.DONE)
        missing = told - {row.hash.hex() for row in found}
        return Report(checked, (checked + 1, Fault.TRUNCATED) if missing else None)

    def _append(
        self, connection: Connection, author: Author, incident_id: str, incident: Incident | None, body: Body
    ) -> None:
        now = self._now()
        refusal.check(incident, body, now)
        words.check(author.operator, body)
        last = rows.last(connection)
        seq = 1 if last is None else last.seq + 1
        row = self._sealed(Entry(seq, incident_id, now, author.role, author.operator, body))
        made = self._chained(row, chain.GENESIS if last is None else last.hash)
        rows.append(connection, made)
        amount = len(body.events) if isinstance(body, Evidence) else 1
        kind = EVENTS[type(body)]
        self._audit.record(connection, Event(kind, object_id=incident_id, reason=made.hash.hex(), amount=amount))

    def _sealed(self, entry: Entry) -> Row:
        key, kind = self._keyring.newest(Purpose.INCIDENT), code(entry.body)
        said = _said(entry)
        sealed = envelope.seal(key.secret, key.id, self._place(entry.incident_id, entry.seq, kind), said)
        return Row(entry.seq, entry.incident_id, entry.at, kind, entry.role.value, sealed, b"", b"", "")

    def _opened(self, row: Row) -> Entry:
        key = self._keyring.by_id(Purpose.INCIDENT, envelope.split(row.sealed).key_id)
        if key is None:
            raise DecryptFailed
        content = envelope.open(key.secret, self._place(row.incident_id, row.seq, row.kind), row.sealed)
        said = msgspec.json.decode(content, type=_Said)
        return Entry(row.seq, row.incident_id, row.at, Role(row.role), said.operator, said.body)

    def _place(self, incident_id: str, seq: int, kind: str) -> Sequence[str]:
        return ("incident", self._deployment, incident_id, str(seq), kind)

    def _chained(self, row: Row, before: bytes) -> Row:
        key = self._keyring.newest(Purpose.AUDIT)
        hashed = self._link(before, row)
        return row._replace(hash=hashed, mac=chain.mac(_derived(key), hashed), key_id=key.id)

    def _link(self, before: bytes, row: Row) -> bytes:
        return sha256(chain.frame(FORMAT, self._deployment, before, *row[: Row._fields.index("hash")])).digest()

    def _fault(self, row: Row, expected: int, before: bytes) -> Fault | None:
        if row.seq != expected:
            return Fault.MISSING
        if self._link(before, row) != row.hash:
            return Fault.ALTERED
        key = self._keyring.by_id(Purpose.AUDIT, row.key_id)
        good = key is not None and hmac.compare_digest(chain.mac(_derived(key), row.hash), row.mac)
        return None if good else Fault.FORGED


def _said(entry: Entry) -> bytes:
    """What is sealed, if it can be read again. Raises IncidentRefused."""
    said = msgspec.json.encode(_Said(entry.operator, entry.body))
    try:
        msgspec.json.decode(said, type=_Said)
    except msgspec.ValidationError:
        raise IncidentRefused(
            "This was not written.", "A name or a text is empty, or too long.", "Names have 64 characters, texts 8000."
        ) from None
    return said


def linked(connection: Connection, event_ids: Sequence[str]) -> Evidence:
    """Evidence of these events and the people in them. Raises IncidentRefused unless each is in the audit log."""
    found = audit.some(connection, event_ids)
    if not event_ids or {entry.id for entry in found} != set(event_ids):
        raise IncidentRefused(
            "This was not written.",
            "There is no such event in the audit log.",
            "`mail-organiser audit export` has ids.",
        )
    return _evidence(found)


def linked_of(connection: Connection, kind: str, since: int, until: int) -> Evidence:
    """The same of all events of a kind of a time (unix ms). Raises IncidentRefused for none, or over MOST_EVENTS."""
    found = audit.of_kind(connection, kind, since, until, limit=MOST_EVENTS + 1)
    if not 0 < len(found) <= MOST_EVENTS:
        why = "No event is of this kind and time." if not found else f"More than {MOST_EVENTS} events are."
        raise IncidentRefused("This was not written.", why, "Give another kind or time, or several.")
    return _evidence(found)


def _evidence(found: Sequence[audit.Entry]) -> Evidence:
    marks = sorted({entry.person_mark.hex() for entry in found if entry.person_mark is not None})
    return Evidence(tuple(entry.id for entry in found), tuple(marks))


def _derived(key: Key) -> bytes:
    """The register's own key of chaining (32 bytes): an event of the audit log is never an entry of the register."""
    return hmac.digest(key.secret, b"incidents", "sha256")
