"""Nothing is kept longer than said: what is older goes, day by day, and the audit log says that it went.

Resumable: each page is a transaction of its own, and a row that is due stays due. An audit log that does not verify is
not cut: what shows that somebody tampered is not destroyed by a timer.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, Select, delete, func, select

from chassis import logs
from gateway.audit import checkpoint
from gateway.audit.attestation import Attestation
from gateway.audit.event import Event, Kind, Log
from gateway.audit.trail import Trail
from gateway.audit.verification import Verifier
from gateway.organise.plan import month_of
from gateway.store import audit as audit_rows
from gateway.store import clock, duties, scan_charges, spending
from gateway.store.audit import Entry, Head
from gateway.store.codes import FINAL_STATES
from gateway.store.engine import reading
from gateway.store.tables import (
    decision,
    denied_token,
    exchange_code,
    finding,
    journal_entry,
    move_run,
    provider_spending,
    refresh_token,
    scan,
    scan_charge,
    session,
    sign_in,
    used_proof,
)

DUTY: Final = "retention"
PAGE: Final = 20  # scans in one transaction, each with all below it
LEASE: Final = 30 * clock.MINUTE  # after which another replica takes over from one that died
_log = logs.get("gateway.rights")

Counts = dict[str, int]


class Periods(NamedTuple):
    """How long each class is kept, in ms."""

    metadata: int
    audit: int
    security: int

    def of(self, log: Log) -> int:
        """Of a chain of the audit log."""
        return self.audit if log is Log.AUDIT else self.security


class Retention:
    """One per process. `holder` names it among replicas."""

    def __init__(  # noqa: PLR0913  # what it deletes by, and what it proves it with
        self,
        engine: Engine,
        audit: Trail,
        verifier: Verifier,
        attestation: Attestation,
        periods: Periods,
        *,
        holder: str,
        now: Callable[[], int] = clock.now,
    ) -> None:
        self._engine = engine
        self._audit = audit
        self._verifier = verifier
        self._attestation = attestation
        self._periods = periods
        self._holder = holder
        self._now = now

    @property
    def metadata(self) -> int:
        """How long what was decided is kept, in ms."""
        return self._periods.metadata

    def round(self) -> Counts | None:
        """Run it, if a day has passed since it was done last and no other replica is at it."""
        with self._engine.begin() as connection:
            ours = duties.take(connection, DUTY, self._holder, now=self._now(), every=clock.DAY, lease=LEASE)
        return self.run() if ours else None

    def run(self) -> Counts:
        """Delete what is due; rows deleted by table. Raises AuditUnavailable when that can't be recorded."""
        now = self._now()
        total = self._expire(now)
        while page := self._page(now):
            total = _added(total, page)
        for log in Log:
            total = _added(total, {"audit_event": self._cut(log, now)})
        with self._engine.begin() as connection:
            duties.done(connection, DUTY, at=now)
            self._audit.record(connection, Event(Kind.RETENTION, amount=sum(total.values())))
        return total

    def due(self) -> Counts:
        """What a run would delete now; rows by table."""
        now = self._now()
        with reading(self._engine) as connection:
            old = self._old_scans(now)
            counts = _added(_count(connection, _expired(now)), _count(connection, _below(old)))
            for log in Log:
                end = self._end(connection, log, now)
                events = 0 if end is None else audit_rows.count_until(connection, log, end.seq)
                counts = _added(counts, {"audit_event": events})
        return counts

    def _expire(self, now: int) -> Counts:
        with self._engine.begin() as connection:
            counts = _count(connection, _expired(now))
            for table, condition in _expired(now).items():
                connection.execute(delete(TABLES[table]).where(condition))
        return counts

    def _page(self, now: int) -> Counts:
        with self._engine.begin() as connection:
            page = [row.id for row in connection.execute(self._old_scans(now).limit(PAGE))]
            counts = _count(connection, _below(page)) if page else {}
            connection.execute(delete(scan).where(scan.c.id.in_(page)))  # takes along what is below
        return counts

    def _cut(self, log: Log, now: int) -> int:
        with reading(self._engine) as connection:
            end = self._end(connection, log, now)
            broken = None if end is None else self._verifier.verify(connection, log).broken
        if end is None:
            return 0
        if broken is not None:
            _log.error("audit.broken", kind=log.value, count=broken.seq, reason=broken.fault.value)
            return 0
        with self._engine.begin() as connection:
            head = Head(log, end.seq, end.hash)
            return audit_rows.cut(connection, checkpoint.signed_cut(self._attestation, head, now=now))

    def _end(self, connection: Connection, log: Log, now: int) -> Entry | None:
        """The last event that is too old, if there is one."""
        return audit_rows.last_before(connection, log, now - self._periods.of(log))

    def _old_scans(self, now: int) -> Select[tuple[str]]:
        resting = scan.c.state.in_(FINAL_STATES) | scan.c.paused_at.is_not(None)
        old = resting & (scan.c.created_at < now - self._periods.metadata)
        return select(scan.c.id).where(old).order_by(scan.c.created_at, scan.c.id)


TABLES: Final = {
    table.name: table
    for table in (
        *(decision, exchange_code, finding, journal_entry, move_run, provider_spending, scan, scan_charge),
        *(session, sign_in, refresh_token, denied_token, used_proof),
    )
}


def _expired(now: int) -> Mapping[str, ColumnElement[bool]]:
    """What has an end of its own, children first."""
    over = select(session.c.id).where(session.c.expires_at < now)
    return {
        "exchange_code": (exchange_code.c.expires_at < now) | exchange_code.c.session_id.in_(over),
        "refresh_token": refresh_token.c.session_id.in_(over),
        "denied_token": (denied_token.c.expires_at < now) | denied_token.c.session_id.in_(over),
        "sign_in": sign_in.c.expires_at < now,
        "used_proof": used_proof.c.expires_at < now,
        "session": session.c.expires_at < now,
        "scan_charge": scan_charge.c.month < month_of(now) - scan_charges.KEPT_MONTHS,
        "provider_spending": provider_spending.c.day < spending.day_of(now) - spending.KEPT_DAYS,
    }


def _below(scans: Sequence[str] | Select[tuple[str]]) -> Mapping[str, ColumnElement[bool]]:
    """Scans, and all that goes with them."""
    decisions = select(decision.c.id).where(decision.c.scan_id.in_(scans))
    runs = select(move_run.c.id).where(move_run.c.scan_id.in_(scans))
    return {
        "finding": finding.c.decision_id.in_(decisions),
        "decision": decision.c.scan_id.in_(scans),
        "journal_entry": journal_entry.c.run_id.in_(runs),
        "move_run": move_run.c.scan_id.in_(scans),
        "scan": scan.c.id.in_(scans),
    }


def _count(connection: Connection, conditions: Mapping[str, ColumnElement[bool]]) -> Counts:
    return {
        table: connection.execute(select(func.count()).select_from(TABLES[table]).where(condition)).scalar_one()
        for table, condition in conditions.items()
    }


def _added(one: Counts, other: Counts) -> Counts:
    return {table: one.get(table, 0) + other.get(table, 0) for table in one | other}
