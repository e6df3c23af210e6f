"""Recording an event: one line, in the transaction of what it tells of.

    context.audit.record(connection, Event(Kind.RELEASED, mailbox=mailbox_id, object_id=decision_id))

Guarantees: committed together or not at all; numbers without gaps, two chains for the deployment, however many replicas
write; an event that can't be written stops what it tells of (AuditUnavailable, 503) and is counted.
Call it last in the transaction: the chain's head is held from here to the commit.
"""

import hmac
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import ClassVar, Final, NamedTuple

import grpc
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import NoResultFound, SQLAlchemyError

from chassis import logs
from chassis.errors import ServiceError
from gateway.audit import chain, origin
from gateway.audit.event import Event, Log
from gateway.audit.origin import Origin
from gateway.audit.tally import Tally
from gateway.store import audit as rows
from gateway.store import clock, ids, mailboxes, transaction
from gateway.store.audit import Entry, Head
from gateway.vault.errors import VaultError
from gateway.vault.keyring import Keyring, Purpose
from gateway.vault.vault import Vault

_log = logs.get("gateway.audit")
_UNMADE: Final = (b"", b"", "")  # hash, mac and key of an entry that is not chained yet


class AuditUnavailable(ServiceError):
    """The audit log can't be written, so nothing is done that it would have to tell of."""

    code: ClassVar[str] = "audit_unavailable"
    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.UNAVAILABLE
    http_status: ClassVar[int] = 503
    title: ClassVar[str] = "Not recorded, so not done"
    sentence: ClassVar[str] = "This can't be written into the audit log, so it was not done. Try again later."


class Marks(NamedTuple):
    """The pseudonyms of a person and a mailbox."""

    person: bytes | None
    mailbox: bytes | None


class Trail:
    """One per process. `failed` is called for each event that could not be written, `told` with each that was.

    What is noted is told by the tally.
    """

    def __init__(  # noqa: PLR0913  # what it seals with, and what it tells
        self,
        keyring: Keyring,
        vault: Vault,
        deployment: str,
        *,
        tally: Tally,
        failed: Callable[[], object],
        told: Callable[[Event], object] = lambda _: None,
        now: Callable[[], int] = clock.now,
    ) -> None:
        self._keyring = keyring
        self._vault = vault
        self._deployment = deployment
        self._tally = tally
        self._failed = failed
        self._told = told
        self._now = now

    def record(self, connection: Connection, event: Event) -> Entry:
        """Write the event. Raises AuditUnavailable; then let the transaction roll back."""
        entry = self._append(connection, event)
        self._told(event)
        return entry

    def _append(self, connection: Connection, event: Event) -> Entry:
        try:
            head = rows.lock_head(connection, event.log)
            if head is None:
                raise NoResultFound
            chained = self._chained(head, self._entry(connection, event))
            rows.append(connection, chained)
        except SQLAlchemyError as error:
            raise self._unavailable(event, error) from None
        return chained

    def note(self, event: Event) -> None:
        """Count a refusal that a stranger can cause at will; it is written within a minute (gateway.audit.tally)."""
        self._tally.note(event)

    async def flush(self, engine: Engine) -> int:
        """Write what was counted; how many events that were. What can't be written is counted on."""
        taken = self._tally.take()
        if not taken:
            return 0
        try:
            await transaction.write(engine, lambda connection: self._write(connection, taken))
        except ServiceError:
            self._tally.give_back(taken)
            return 0
        return len(taken)

    async def note_heads(self, engine: Engine) -> None:
        """Say in our own log how far the chains are: shipped elsewhere, these lines show a log that was cut short."""
        for log in Log:
            head = await transaction.read(engine, partial(rows.head, log=log))
            if head is not None:
                _log.info("audit.head", kind=log.value, count=head.seq, hash=head.hash.hex())

    def network_key(self) -> bytes:
        """The key (32 bytes) under which networks are known again. A new audit key makes them new."""
        return hmac.digest(self._keyring.newest(Purpose.AUDIT).secret, b"networks", "sha256")

    def hold(self, connection: Connection) -> None:
        """Nobody else records until this transaction ends: for who numbers rows of their own. Raises AuditUnavailable.

        An event must follow in the same transaction.
        """
        try:
            if rows.lock_head(connection, Log.AUDIT) is None:
                raise NoResultFound
        except SQLAlchemyError:
            self._failed()
            raise AuditUnavailable from None

    def marks(self, connection: Connection, person_id: str | None, mailbox_id: str | None) -> Marks:
        """The pseudonyms under which events of a person and a mailbox are found; the mailbox names its owner."""
        owner = person_id if mailbox_id is None else mailboxes.get(connection, mailbox_id).person_id
        if owner is None:
            return Marks(None, None)
        mailbox = None if mailbox_id is None else self._vault.pseudonym(connection, owner, mailbox_id)
        return Marks(self._vault.pseudonym(connection, owner, owner), mailbox)

    def _write(self, connection: Connection, taken: list[tuple[Event, Origin]]) -> None:
        for event, came in taken:
            origin.enter(partial(Origin._make, came))
            self._append(connection, self._known(connection, event))  # told when it was noted

    def _known(self, connection: Connection, event: Event) -> Event:
        """The event, without a person whose key does not open: that is often what it tells."""
        try:
            self.marks(connection, event.person, None)
        except VaultError:
            return replace(event, person=None)
        return event

    def _entry(self, connection: Connection, event: Event) -> Entry:
        marks = self.marks(connection, event.person, event.mailbox)
        came = origin.current()
        what = (event.kind.value, event.outcome.value, event.reason, *marks, event.object_id, event.amount)
        return Entry(event.log, 0, ids.new("evt"), self._now(), *what, *came, *_UNMADE)

    def _unavailable(self, event: Event, error: SQLAlchemyError) -> AuditUnavailable:
        self._failed()
        kind, where = event.kind.name.lower(), error.__traceback__
        _log.error("audit.not_written", kind=kind, error_type=type(error), at=where)
        return AuditUnavailable()

    def _chained(self, head: Head, entry: Entry) -> Entry:
        key = self._keyring.newest(Purpose.AUDIT)
        numbered = entry._replace(seq=head.seq + 1)
        hashed = chain.link(self._deployment, head.hash, numbered)
        return numbered._replace(hash=hashed, mac=chain.mac(key.secret, hashed), key_id=key.id)
