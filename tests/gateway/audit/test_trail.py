"""Recording: in the transaction of what it tells of, without gaps, append-only, in codes, under pseudonyms."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from gateway.audit import origin
from gateway.audit.event import Event, Kind, Outcome
from gateway.audit.origin import Origin
from gateway.audit.tally import MOST
from gateway.audit.trail import AuditUnavailable
from gateway.store import ids, people, reading

STARTED = Event(Kind.SETTINGS_LOADED)
HOSTILE = ["a\r\nb", "\x1b[2K", "\u202egnp.exe", "two words", "erika@example.org", "", '"}\n{"kind":"x"', "é"]


def test_an_event_says_who_what_when_where_and_how_it_ended(log: Any) -> None:
    """Everything of it is in the row; person and mailbox as pseudonyms, never as ids."""
    mailbox = log.mailbox()
    run = ids.new("mov")
    origin.enter(lambda: Origin("edge", b"n" * 16, "0" * 31 + "1"))
    event = Event(Kind.MOVE_BATCH, mailbox=mailbox.id, object_id=run, amount=20)
    (made,) = log.record(event)
    origin.enter(lambda: origin.WORK)
    assert log.all() == [made]
    assert (made.seq, made.at, made.kind, made.outcome) == (1, log.moment, "move.batch", "done")
    assert (made.object_id, made.amount, made.service) == (run, 20, "edge")
    assert (made.network_mark, made.trace_id) == (b"n" * 16, "0" * 31 + "1")
    assert made.person_mark != made.mailbox_mark
    assert len({len(made.person_mark or b""), len(made.mailbox_mark or b"")}) == 1
    written = repr(made)
    assert mailbox.id not in written
    assert mailbox.person_id not in written


def test_the_same_person_has_the_same_pseudonym_and_others_have_others(log: Any) -> None:
    """What a person did can be counted and put together, without knowing who it is."""
    one, other = log.mailbox(), log.mailbox()
    first, again, others = log.record(
        Event(Kind.SIGN_IN, person=one.person_id),
        Event(Kind.SCAN_STARTED, mailbox=one.id),
        Event(Kind.SIGN_IN, person=other.person_id),
    )
    assert first.person_mark == again.person_mark != others.person_mark


def test_erasing_a_person_unlinks_their_events_and_leaves_the_chain_whole(log: Any) -> None:
    """With the key goes the way from a person to the pseudonym; the events stay and verify."""
    mailbox = log.mailbox()
    log.record(Event(Kind.SIGN_IN, person=mailbox.person_id), Event(Kind.SCAN_STARTED, mailbox=mailbox.id))
    with log.engine.begin() as connection:
        log.vault.erase_key(connection, mailbox.person_id)
        people.erase_rows(connection, mailbox.person_id)
    assert len(log.all()) == 2
    assert log.verify().broken is None
    with reading(log.engine) as connection, pytest.raises(Exception, match="erased"):
        log.trail.marks(connection, mailbox.person_id, None)


def test_it_is_committed_with_what_it_tells_of_or_not_at_all(log: Any) -> None:
    """A transaction that rolls back leaves no event and no gap."""
    log.record(STARTED)
    with log.engine.connect() as connection:
        log.trail.record(connection, STARTED)
        connection.rollback()
    assert [entry.seq for entry in log.all()] == [1]
    log.record(STARTED)
    assert [entry.seq for entry in log.all()] == [1, 2]
    assert log.verify().broken is None


def test_many_writers_at_once_make_one_chain_without_gaps(log: Any) -> None:
    """Two processes' worth of trails, eight threads: every number once, every link right."""
    trails = [log.trail, log.opened()]

    def write(number: int) -> None:
        with log.engine.begin() as connection:
            trails[number % 2].record(connection, STARTED)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(200)))
    assert [entry.seq for entry in log.all()] == list(range(1, 201))
    report = log.verify()
    assert (report.checked, report.broken) == (200, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET amount = 2",
        "UPDATE audit_event SET seq = 9 WHERE seq = 2",
        "DELETE FROM audit_event",
        "DELETE FROM audit_event WHERE seq = 1",
        "UPDATE audit_head SET seq = 1",
        "UPDATE audit_head SET seq = 9",
        "DELETE FROM audit_head",
        "UPDATE audit_cut SET seq = 9",
        "DELETE FROM audit_cut",
    ],
)
def test_the_database_itself_refuses_to_change_the_past(log: Any, statement: str) -> None:
    """Whoever has SQL, but may not change the schema, can't edit, remove or rewind anything."""
    log.record(STARTED, STARTED)
    with log.engine.begin() as connection:
        cut = "INSERT INTO audit_cut VALUES ('audit', 0, :none, 1, 'key_x', :none)"
        connection.execute(text(cut), {"none": b""})
    with pytest.raises(DBAPIError, match="append-only"), log.engine.begin() as connection:
        connection.execute(text(statement))
    assert len(log.all()) == 2


def test_a_table_can_not_be_emptied_at_once(postgresql: Engine) -> None:
    """TRUNCATE fires no row trigger in PostgreSQL; it is refused by one of its own."""
    for table in ("audit_event", "audit_cut", "audit_head"):
        with pytest.raises(DBAPIError, match="append-only"), postgresql.begin() as connection:
            connection.execute(text(f"TRUNCATE {table}"))


def test_what_can_not_be_written_does_not_happen(log: Any, break_log: Callable[[Engine], None]) -> None:
    """The whole transaction goes back, the failure is counted and has a code; reads go on."""
    mailbox = log.mailbox()
    break_log(log.engine)

    def erase() -> None:
        with log.engine.begin() as connection:
            people.tombstone(connection, mailbox.person_id, now=1)
            log.trail.record(connection, Event(Kind.SIGN_OUT))

    with pytest.raises(AuditUnavailable):
        erase()
    assert log.failures == [1]
    with reading(log.engine) as connection:
        assert people.get(connection, mailbox.person_id).erased_at is None
    assert AuditUnavailable.http_status == 503


def test_a_log_without_its_head_is_closed(log: Any) -> None:
    """Somebody removed the head: nothing is recorded on a chain that has no end."""
    log.attack("DELETE FROM audit_head")
    with pytest.raises(AuditUnavailable):
        log.record(STARTED)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_field_can_hold_a_text(log: Any, text: str) -> None:
    """Line breaks, escapes, bidi controls, addresses: refused on their way in, so that no line can be forged."""
    for event in (Event(Kind.SIGN_IN, reason=text), Event(Kind.SIGN_IN, object_id=text)):
        with pytest.raises(AuditUnavailable):
            log.record(event)
    assert log.all() == []


async def test_a_flood_of_refusals_is_a_bounded_number_of_events(log: Any) -> None:
    """A hundred thousand refusals from as many networks: at most MOST and one for each kind, none of them lost."""
    for number in range(100_000):
        came = Origin("edge", number.to_bytes(16, "big"), None)
        origin.enter(lambda came=came: came)
        log.trail.note(Event(Kind.TOKEN_REFUSED, Outcome.REFUSED))
    origin.enter(lambda: origin.WORK)
    written = await log.trail.flush(log.engine)
    entries = log.all()
    assert written == len(entries) <= MOST + 1
    assert sum(entry.amount for entry in entries) == 100_000
    assert await log.trail.flush(log.engine) == 0


async def test_what_could_not_be_flushed_is_counted_on(log: Any, break_log: Callable[[Engine], None]) -> None:
    """A minute whose events can't be written is written with the next one."""
    log.trail.note(Event(Kind.LIMITED, Outcome.REFUSED, reason="session"))
    break_log(log.engine)
    assert await log.trail.flush(log.engine) == 0
    with log.engine.begin() as connection:
        on = "" if log.engine.dialect.name == "sqlite" else " ON audit_event"
        connection.execute(text(f"DROP TRIGGER full_disk{on}"))
    log.trail.note(Event(Kind.LIMITED, Outcome.REFUSED, reason="session"))
    assert await log.trail.flush(log.engine) == 1
    assert [(entry.kind, entry.reason, entry.amount) for entry in log.all()] == [("access.limited", "session", 2)]
