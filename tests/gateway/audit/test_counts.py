"""Events as counts: closed labels, there from the start, once each."""

from typing import Any

from prometheus_client import CollectorRegistry

from gateway.audit.counts import AuditCounts
from gateway.audit.event import SECURITY, Event, Kind, Outcome
from gateway.audit.tally import Tally
from gateway.audit.trail import Trail


def value(registry: CollectorRegistry, kind: Kind, outcome: Outcome, reason: str = "") -> float | None:
    labels = {"kind": kind.value, "outcome": outcome.value, "reason": reason}
    return registry.get_sample_value("audit_events_total", labels)


def test_what_an_alert_may_rest_on_is_there_from_the_start() -> None:
    """A series that begins at one has no increase."""
    registry = CollectorRegistry()
    AuditCounts(registry)
    assert all(value(registry, kind, outcome) == 0 for kind in SECURITY for outcome in Outcome)
    assert all(value(registry, kind, Outcome.DONE) == 0 for kind in Kind)
    assert value(registry, Kind.SIGN_IN, Outcome.REFUSED, "nonce_mismatch") == 0


def test_a_reason_that_is_no_word_of_ours_is_no_label() -> None:
    """A digest of settings, a limit that an operator named, a reason that nobody knows."""
    registry = CollectorRegistry()
    counts = AuditCounts(registry)
    before = sum(len(metric.samples) for metric in registry.collect())
    for kind in Kind:
        counts.told(Event(kind, reason="made-up", person="per_1", mailbox="mbx_1", object_id="scn_1"))
    assert sum(len(metric.samples) for metric in registry.collect()) == before
    assert value(registry, Kind.SETTINGS_LOADED, Outcome.DONE) == 1


def test_events_count_what_they_tell_of() -> None:
    """Twenty messages in one event are twenty."""
    registry = CollectorRegistry()
    AuditCounts(registry).told(Event(Kind.MOVE_BATCH, amount=20))
    assert value(registry, Kind.MOVE_BATCH, Outcome.DONE) == 20


async def test_a_noted_refusal_counts_when_it_happens_and_once(log: Any) -> None:
    """Its event is written later."""
    heard: list[Event] = []
    log.tally = Tally(heard.append)
    trail = Trail(log.keyring, log.vault, "test", tally=log.tally, failed=lambda: None, told=heard.append)
    trail.note(Event(Kind.DENIED, Outcome.REFUSED))
    assert [event.kind for event in heard] == [Kind.DENIED]
    assert await trail.flush(log.engine) == 1
    assert [event.kind for event in heard] == [Kind.DENIED]


def test_a_recorded_event_counts_once(log: Any) -> None:
    """When it is written."""
    heard: list[Event] = []
    trail = Trail(log.keyring, log.vault, "test", tally=log.tally, failed=lambda: None, told=heard.append)
    with log.engine.begin() as connection:
        trail.record(connection, Event(Kind.ERASED))
    assert [event.kind for event in heard] == [Kind.ERASED]
