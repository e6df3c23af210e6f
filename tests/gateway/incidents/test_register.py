"""The register: append-only, chained, sealed, told in the audit log, and written by who may."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, get_args

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from gateway.audit.event import Event, Kind
from gateway.audit.trail import AuditUnavailable
from gateway.incidents import register
from gateway.incidents.entry import (
    ALLOWED,
    EVENTS,
    Assessed,
    Aware,
    Body,
    Closed,
    Decided,
    Described,
    Effect,
    Evidence,
    Fact,
    FollowedUp,
    Harm,
    Late,
    Likelihood,
    Measure,
    Noted,
    Notified,
    Recipient,
    Reviewed,
    Role,
    Severity,
    SeveritySet,
)
from gateway.incidents.refusal import IncidentRefused, RoleRefused
from gateway.incidents.register import Fault
from gateway.store import clock, ids, reading
from gateway.vault.errors import DecryptFailed
from gateway.vault.keyring import Purpose

CANARY = "canary-ferret"
RISK = Assessed(Likelihood.LIKELY, Harm.SEVERE, "Mail of many could be read")
TELL = Decided(ico=True, people=False, text="The risk is high")
NOT = Decided(ico=False, people=False, text="Nobody was reached")


def test_an_incident_is_what_its_entries_make_of_it(desk: Any, sre: Any) -> None:
    """From its opening to its end; each entry says who wrote it, as what, and when."""
    one, since = desk.opened(alert="TokensRefused"), desk.moment
    desk.write(one, Noted("Looked at the edge"), SeveritySet(Severity.CRITICAL, "It spreads"), author=sre)
    desk.write(one, Measure(Effect.CONTAINMENT, taken=True, text="Revoked all keys"), author=sre)
    desk.pass_hours(80)
    told = since + 79 * clock.HOUR
    desk.write(one, Aware(since), Described(Fact.NATURE, "first"), Described(Fact.NATURE, "Keys leaked"), RISK, TELL)
    desk.write(one, Notified(Recipient.ICO, told, "IC-1234"), FollowedUp(told, "More"), Late("Nobody was awake"))
    desk.write(one, Reviewed("Wake somebody"), Closed())
    found = desk.incident(one)
    assert (found.opened.alert, found.severity, found.aware_since) == ("TokensRefused", Severity.CRITICAL, since)
    assert found.facts == {Fact.NATURE: "Keys leaked"}
    assert (found.assessed, found.decided, found.told_ico_at) == (RISK, TELL, told)
    assert (found.was_late, found.is_running, found.is_high_risk) == (True, False, True)
    assert (found.closed_at, found.review) == (desk.moment, Reviewed("Wake somebody"))
    assert [(entry.role, entry.operator) for entry in found.entries[:5]] == [(Role.SRE, "Sam")] * 4 + [
        (Role.DPO, "Dana")
    ]
    assert desk.verify() == (len(found.entries), None)


@pytest.mark.parametrize("statement", ["UPDATE incident_entry SET role = 'dpo'", "DELETE FROM incident_entry"])
def test_the_database_itself_refuses_to_change_the_past(desk: Any, statement: str) -> None:
    """Whoever has SQL, but may not change the schema."""
    desk.opened()
    with pytest.raises(DBAPIError, match="append-only"), desk.engine.begin() as connection:
        connection.execute(text(statement))
    assert len(desk.rows()) == 1


def test_the_table_can_not_be_emptied_at_once(postgresql: Engine) -> None:
    """TRUNCATE fires no row trigger; it is refused by one of its own."""
    with pytest.raises(DBAPIError, match="append-only"), postgresql.begin() as connection:
        connection.execute(text("TRUNCATE incident_entry"))


@pytest.mark.parametrize(
    ("statement", "fault", "seq"),
    [
        ("UPDATE incident_entry SET role = 'dpo' WHERE seq = 2", Fault.ALTERED, 2),
        ("UPDATE incident_entry SET sealed = :other WHERE seq = 2", Fault.ALTERED, 2),
        ("UPDATE incident_entry SET at = at - 1 WHERE seq = 3", Fault.ALTERED, 3),
        ("UPDATE incident_entry SET mac = :other WHERE seq = 2", Fault.FORGED, 2),
        ("DELETE FROM incident_entry WHERE seq = 2", Fault.MISSING, 2),
        ("DELETE FROM incident_entry WHERE seq = 3", Fault.TRUNCATED, 3),
        ("DELETE FROM incident_entry", Fault.TRUNCATED, 1),
    ],
)
def test_every_attack_on_the_past_shows_where(desk: Any, sre: Any, statement: str, fault: Fault, seq: int) -> None:
    """By somebody who drops the triggers first."""
    one = desk.opened()
    desk.write(one, Noted("one"), Noted("two"), author=sre)
    assert desk.verify() == (3, None)
    desk.attack(statement, **({"other": b"x" * 32} if ":other" in statement else {}))
    assert desk.verify().broken == (seq, fault)


def test_the_key_of_the_audit_log_does_not_chain_the_register(desk: Any) -> None:
    """It is derived with a label: a mac of one is none of the other."""
    desk.opened()
    (row,) = desk.rows()
    key = desk.keyring.newest(Purpose.AUDIT)
    assert register.chain.mac(key.secret, row.hash) != row.mac
    desk.keyring.rotate(Purpose.AUDIT, now=desk.moment)
    desk.opened()
    assert desk.verify() == (2, None)


def test_what_operators_write_is_sealed_and_stays_in_its_place(
    desk: Any, sre: Any, at_rest: Callable[[Engine], bytes]
) -> None:
    """No byte of it at rest; moved to another entry it does not open; a new key leaves the old texts readable."""
    one = desk.opened(CANARY)
    desk.write(one, Noted(CANARY), author=sre._replace(operator=f"Sam {CANARY}"))
    assert CANARY.encode() not in at_rest(desk.engine)
    desk.keyring.rotate(Purpose.INCIDENT, now=desk.moment)
    desk.write(one, Noted("after"), author=sre)
    assert desk.incident(one).opened.text == CANARY
    desk.attack("UPDATE incident_entry SET sealed = (SELECT sealed FROM incident_entry WHERE seq = 1) WHERE seq = 2")
    with pytest.raises(DecryptFailed):
        desk.incident(one)


def test_each_entry_is_an_event_and_what_can_not_be_recorded_is_not_written(
    desk: Any, sre: Any, break_log: Callable[[Engine], None]
) -> None:
    """With the incident as its object and the entry's hash as its reason."""
    one = desk.opened()
    desk.write(one, Noted("one"), author=sre)
    with reading(desk.engine) as connection:
        told = connection.execute(text("SELECT kind, object_id, reason FROM audit_event ORDER BY seq")).all()
    hashes = [row.hash.hex() for row in desk.rows()]
    assert told == [("incident.opened", one, hashes[0]), ("incident.noted", one, hashes[1])]
    break_log(desk.engine)
    with pytest.raises(AuditUnavailable):
        desk.write(one, Noted("two"), author=sre)
    assert len(desk.rows()) == 2


def test_each_kind_has_an_event_and_a_row_of_who_may(desk: Any) -> None:
    """And its struct's name is the one in the audit log."""
    assert set(EVENTS) == set(ALLOWED) == set(get_args(Body))
    assert all(f"incident.{kind.__struct_config__.tag}" == event.value for kind, event in EVENTS.items())
    assert {kind for kind in Kind if kind.value.startswith("incident.")} == set(EVENTS.values())
    desk.opened()


OF_THE_DPO = [
    *(Aware(1), RISK, NOT, Notified(Recipient.ICO, 1), FollowedUp(1, "x"), Late("x"), Reviewed("x")),
    Closed(),
]


@pytest.mark.parametrize("body", OF_THE_DPO, ids=lambda body: type(body).__name__)
def test_only_the_dpo_judges(desk: Any, sre: Any, body: Body) -> None:
    """An SRE opens, notes, measures and links; the rest is refused, and an attempt can be told in the audit log."""
    one = desk.opened()
    with pytest.raises(RoleRefused, match="DPO"):
        desk.write(one, body, author=sre)
    with desk.engine.begin() as connection:
        desk.register.refused(connection, one, body)
        told = connection.execute(text("SELECT kind, outcome FROM audit_event ORDER BY seq")).all()
    assert told[-1] == (EVENTS[type(body)].value, "refused")
    assert desk.verify() == (1, None)


def test_awareness_is_declared_once_and_not_in_advance(desk: Any) -> None:
    """Nor changed afterwards, by anybody."""
    one = desk.opened()
    with pytest.raises(IncidentRefused, match="future"):
        desk.write(one, Aware(desk.moment + 1))
    desk.write(one, Aware(desk.moment))
    with pytest.raises(IncidentRefused, match="once"):
        desk.write(one, Aware(desk.moment - 1))
    assert desk.incident(one).aware_since == desk.moment


def test_two_at_once_declare_awareness_once(desk: Any) -> None:
    """Whoever comes second is refused, on both databases."""
    one = desk.opened()

    def declare(number: int) -> bool:
        try:
            desk.write(one, Aware(desk.moment - number))
        except IncidentRefused:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(declare, range(6))) == 1
    assert desk.verify() == (2, None)


def test_evidence_is_of_events_that_are_there_and_counts_the_people_in_them(desk: Any, sre: Any) -> None:
    """Pseudonyms, each once; the register keeps them when the log forgets."""
    one, mine, yours = desk.opened(), desk.mailbox(), desk.mailbox()
    made = [
        desk.event(Event(Kind.SIGN_IN, person=mine.person_id)),
        desk.event(Event(Kind.SCAN_STARTED, mailbox=mine.id)),
        desk.event(Event(Kind.SIGN_IN, person=yours.person_id)),
        desk.event(Event(Kind.DENIED)),
    ]
    with reading(desk.engine) as connection:
        some = register.linked(connection, made[:2])
        every = register.linked_of(connection, "session.sign_in", desk.moment, desk.moment)
        with pytest.raises(IncidentRefused, match="no such event"):
            register.linked(connection, [made[0], ids.new("evt")])
        with pytest.raises(IncidentRefused, match="No event"):
            register.linked_of(connection, "session.sign_in", 1, 2)
    desk.write(one, some, author=sre)
    assert len(desk.incident(one).people) == 1
    desk.write(one, every, author=sre)
    found = desk.incident(one)
    assert (found.events, len(found.people)) == (frozenset(made[:3]), 2)
    assert not any(person in repr(found) for person in (mine.person_id, yours.person_id, mine.id))


WRONG_ORDER = [
    ([], NOT, "assess"),
    ([], Notified(Recipient.ICO, 1), "Awareness"),
    ([Aware(1), RISK, NOT], Notified(Recipient.ICO, 2), "not decided to tell"),
    ([Aware(1), RISK, TELL], Notified(Recipient.PEOPLE, 2), "not decided to tell"),
    ([Aware(5), RISK, TELL], Notified(Recipient.ICO, 4), "before awareness"),
    ([Aware(1), RISK, TELL], Notified(Recipient.ICO, 2**60), "future"),
    ([], FollowedUp(1, "x"), "not told yet"),
    ([], Late("x"), "Nothing is late"),
    ([], Closed(), "not decided"),
    ([Aware(1), RISK, TELL], Closed(), "ICO was to be told"),
    ([RISK, Decided(ico=False, people=True, text="x")], Closed(), "people were to be told"),
    ([Aware(1), RISK, TELL, Notified(Recipient.ICO, 2 + 72 * clock.HOUR)], Closed(), "72 hours"),
    ([RISK, NOT], Closed(), "review"),
    ([RISK, NOT, Reviewed("x"), Closed()], Noted("x"), "closed"),
    ([], Described(Fact.BREACH_TYPE, "sabotage"), "confidentiality"),
]


@pytest.mark.parametrize(("before", "body", "why"), WRONG_ORDER, ids=range(len(WRONG_ORDER)))
def test_what_comes_too_early_or_too_late_is_refused(desk: Any, before: list[Body], body: Body, why: str) -> None:
    """With the reason, and nothing is written."""
    one = desk.opened()
    desk.write(one, *before)
    count = len(desk.rows())
    with pytest.raises(IncidentRefused, match=why):
        desk.write(one, body)
    assert len(desk.rows()) == count


def test_an_incident_that_was_none_is_closed_without_awareness(desk: Any) -> None:
    """It stays in the register."""
    one = desk.opened()
    desk.write(one, RISK, NOT, Reviewed("A test of ours"), Closed())
    assert desk.incident(one).closed_at == desk.moment


@pytest.mark.parametrize(
    "said",
    [
        *("wrote to erika@example.org", "from 192.0.2.7 again", "from 2001:db8:0:1::7", "eyJhbGciOiJFUzI1NiJ9.e30.x"),
        *("token " + "A" * 43, "two\x1b[2Kthings", "\u202etxet"),
    ],
)
def test_addresses_tokens_and_hidden_characters_are_refused_and_not_repeated(desk: Any, sre: Any, said: str) -> None:
    """In a text, and in what somebody calls themselves."""
    one = desk.opened()
    for body, author in ((Noted(said), sre), (Noted("fine"), sre._replace(operator=said))):
        with pytest.raises(IncidentRefused) as caught:
            desk.write(one, body, author=author)
        assert said not in str(caught.value)
    assert len(desk.rows()) == 1


@pytest.mark.parametrize("said", ["At 10:42 UTC on 2026-11-03: see evt_" + "a" * 26, "Keys: 3/4, 1.2.3", "Grüße\nzwei"])
def test_ordinary_words_are_taken(desk: Any, sre: Any, said: str) -> None:
    """Times, ids of ours, numbers and letters of any language."""
    one = desk.opened()
    desk.write(one, Noted(said), author=sre)
    assert desk.incident(one).entries[-1].body == Noted(said)


def test_what_could_not_be_read_again_is_not_written(desk: Any, sre: Any) -> None:
    """An empty or endless text or name."""
    one = desk.opened()
    for body, author in ((Noted(""), sre), (Noted("a b " * 2001), sre), (Noted("x"), sre._replace(operator=""))):
        with pytest.raises(IncidentRefused, match="too long"):
            desk.write(one, body, author=author)
    assert len(desk.rows()) == 1


def test_evidence_is_not_typed(desk: Any) -> None:
    """Its ids and pseudonyms are looked up."""
    assert register.words._texts(Evidence((ids.new("evt"),), ("0" * 32,))) == []
    desk.opened()
