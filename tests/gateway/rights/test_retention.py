"""Nothing is kept longer than said: proven by the rows of each table, before and after."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, text

from gateway.audit.event import Event, Kind, Log
from gateway.audit.trail import AuditUnavailable
from gateway.audit.verification import Verifier
from gateway.store import audit as rows
from gateway.store import clock, duties, pausing, reading
from gateway.store.tables import METADATA, scan

GONE_AFTER_A_YEAR = {"scan": 1, "decision": 2, "finding": 1, "move_run": 1, "journal_entry": 1, "audit_event": 2}
GONE_AFTER_A_DAY = {
    "session": 1,
    "exchange_code": 1,
    "sign_in": 1,
    "refresh_token": 1,
    "denied_token": 1,
    "used_proof": 1,
}
GONE_AFTER_A_MONTH = {"provider_spending": 1}
GONE_AFTER_TWO_MONTHS = {"scan_charge": 1}


def test_each_table_loses_what_is_too_old_and_nothing_else(office: Any) -> None:
    """Somebody of a year ago and somebody of today, table by table; the chains verify afterwards."""
    office.person("past")
    past = office.counts()
    assert all(past[name] for name in METADATA.tables if name != "audit_cut")
    office.moment += 366 * clock.DAY
    office.person("present")
    both = office.counts()
    gone = GONE_AFTER_A_YEAR | GONE_AFTER_A_DAY | GONE_AFTER_A_MONTH | GONE_AFTER_TWO_MONTHS
    due = office.retention().due()
    assert due == gone
    assert office.counts() == both
    assert office.retention().run() == gone
    left = {name: count - gone.get(name, 0) for name, count in both.items()}
    assert office.counts() == left | {"audit_event": left["audit_event"] + 1, "audit_cut": 2}
    assert _broken(office) == [None, None]
    (run,) = [entry for entry in _events(office, Log.AUDIT) if entry.kind == Kind.RETENTION]
    assert run.amount == sum(gone.values())


@pytest.mark.parametrize(
    ("days", "gone"),
    [
        (0, {}),
        (1, GONE_AFTER_A_DAY),
        (33, GONE_AFTER_A_DAY | GONE_AFTER_A_MONTH),
        (89, GONE_AFTER_A_DAY | GONE_AFTER_A_MONTH | GONE_AFTER_TWO_MONTHS),
        (91, GONE_AFTER_A_DAY | GONE_AFTER_A_MONTH | GONE_AFTER_TWO_MONTHS | {"audit_event": 1}),
        (364, GONE_AFTER_A_DAY | GONE_AFTER_A_MONTH | GONE_AFTER_TWO_MONTHS | {"audit_event": 1}),
        (366, GONE_AFTER_A_DAY | GONE_AFTER_A_MONTH | GONE_AFTER_TWO_MONTHS | GONE_AFTER_A_YEAR),
    ],
)
def test_each_class_ends_when_it_is_said_to(office: Any, days: int, gone: dict[str, int]) -> None:
    """Sessions at expiry, spending after a month, the security log after 90 days, the rest after 12 months."""
    office.person("somebody")
    office.moment += days * clock.DAY
    deleted = office.retention().run()
    assert {table: count for table, count in deleted.items() if count} == gone


def test_settings_decide(office: Any) -> None:
    """Shorter periods are shorter."""
    office.person("somebody")
    office.moment += 40 * clock.DAY
    assert office.retention(metadata=30).due()["scan"] == 1
    assert office.retention().due()["scan"] == 0


def test_what_is_under_way_stays(office: Any) -> None:
    """A scan that has not ended is not old, whenever it began."""
    mailbox = office.person("somebody")
    with office.engine.begin() as connection:
        open_scan = office.scanned(connection, mailbox, "fld_x", ended=False)
    office.moment += 400 * clock.DAY
    office.retention().run()
    with reading(office.engine) as connection:
        assert connection.execute(text("SELECT id FROM scan")).scalars().all() == [open_scan]


def test_what_rests_for_too_long_goes(office: Any) -> None:
    """Paused is not under way: nothing is kept for longer because its owner forgot it."""
    mailbox = office.person("somebody")
    with office.engine.begin() as connection:
        paused = office.scanned(connection, mailbox, "fld_x", ended=False)
        assert pausing.pause(connection, scan, paused, now=office.moment)
    office.moment += 400 * clock.DAY
    office.retention().run()
    with reading(office.engine) as connection:
        assert connection.execute(text("SELECT id FROM scan")).scalars().all() == []


def test_one_replica_runs_it_once_a_day(office: Any) -> None:
    """Of eight that look at the same moment one runs; tomorrow one does again."""
    office.person("somebody")
    for _ in range(2):
        with ThreadPoolExecutor(8) as pool:
            ran = [one for one in pool.map(lambda n: office.retention(f"replica-{n}").round(), range(8)) if one]
        assert len(ran) == 1
        assert office.retention("late").round() is None
        office.moment += clock.DAY


def test_who_died_over_it_is_succeeded(office: Any) -> None:
    """A replica that took it and did not finish blocks the others for half an hour and no longer."""
    every = {"every": clock.DAY, "lease": 30 * clock.MINUTE}
    with office.engine.begin() as connection:
        assert duties.take(connection, "retention", "dead", now=office.moment, **every)
    assert office.retention("other").round() is None
    office.moment += 30 * clock.MINUTE
    assert office.retention("other").round() is not None


def test_it_goes_on_where_it_was_stopped(office: Any) -> None:
    """After the first page the process dies; the next run deletes the rest."""
    mailbox = office.person("somebody")
    with office.engine.begin() as connection:
        for _ in range(45):
            office.scanned(connection, mailbox, "fld_x")
    office.moment += 400 * clock.DAY
    first = office.retention()._page(office.moment)
    assert first["scan"] == 20
    assert office.counts()["scan"] == 26
    assert office.retention().run()["scan"] == 26
    assert office.counts()["scan"] == 0


def test_a_log_that_does_not_verify_is_not_cut(office: Any) -> None:
    """What shows that somebody tampered is not destroyed by a timer; the other log is."""
    office.person("somebody")
    with office.engine.begin() as connection:
        on = "" if office.engine.dialect.name == "sqlite" else " ON audit_event"
        connection.execute(text(f"DROP TRIGGER audit_event_no_update{on}"))
        connection.execute(text("UPDATE audit_event SET amount = 9 WHERE log = 'audit'"))
    office.moment += 400 * clock.DAY
    assert office.retention().run()["audit_event"] == 1
    assert [entry.amount for entry in _events(office, Log.AUDIT)][:1] == [9]


def test_a_run_that_can_not_be_recorded_says_so(office: Any, break_log: Callable[[Engine], None]) -> None:
    """Deleted pages stay deleted, but the day is not done: it is tried again."""
    office.person("somebody")
    with office.engine.begin() as connection:
        connection.execute(text("UPDATE duty SET done_at = 1 WHERE name = 'retention'"))
    break_log(office.engine)
    with pytest.raises(AuditUnavailable):
        office.retention().run()
    with reading(office.engine) as connection:
        done_at = text("SELECT done_at FROM duty WHERE name = 'retention'")
        assert connection.execute(done_at).scalar_one() == 1


def test_events_after_a_cut_go_on_counting(office: Any) -> None:
    """Numbers are never used twice."""
    office.person("somebody")
    office.moment += 400 * clock.DAY
    office.retention().run()
    with office.engine.begin() as connection:
        made = office.audit.record(connection, Event(Kind.SIGN_OUT))
    assert made.seq == 2
    assert _broken(office) == [None, None]


def _events(office: Any, log: Log) -> list[Any]:
    with reading(office.engine) as connection:
        return rows.after(connection, log, 0, limit=1000)


def _broken(office: Any) -> list[object]:
    verifier = Verifier(office.keyring, "test")
    with reading(office.engine) as connection:
        return [verifier.verify(connection, log).broken for log in Log]
