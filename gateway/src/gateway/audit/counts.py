"""What is recorded, as counts: rules of alerting look at these, and no person is in them.

Guarantees: labels are members of closed vocabularies, so neither a person nor a stranger can add a series; each series
that an alert may rest on is there from the start, so that its first event is an increase.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter

from gateway.audit.event import SECURITY, Event, Kind, Outcome
from gateway.identity.refusal import SignInReason

_REASONS: Final = frozenset(reason.value for reason in SignInReason)
NO_REASON: Final = ""


class AuditCounts:
    """Counters of one process, by what events tell of: moves count messages, refusals requests.

    A refusal counts when it happens, though its event is written within a minute; an event whose transaction fails
    after it was written counts all the same.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        """registry: of the process."""
        names = ["kind", "outcome", "reason"]
        self._events = Counter(
            "audit_events", "Events, by kind, outcome and why a sign-in failed", names, registry=registry
        )
        self._failures = Counter("audit_write_failures", "Events that could not be written", registry=registry)
        for kind in Kind:
            for outcome in Outcome if kind in SECURITY else (Outcome.DONE,):
                self._events.labels(kind.value, outcome.value, NO_REASON)
        for reason in _REASONS:
            self._events.labels(Kind.SIGN_IN.value, Outcome.REFUSED.value, reason)

    def told(self, event: Event) -> None:
        """Count what an event tells of."""
        why = event.reason if event.kind is Kind.SIGN_IN and event.reason in _REASONS else NO_REASON
        self._events.labels(event.kind.value, event.outcome.value, why).inc(event.amount)

    def failed(self) -> None:
        """Count an event that could not be written."""
        self._failures.inc()
