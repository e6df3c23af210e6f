"""An incident is what its entries fold into. Pure: no clock, no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gateway.incidents import clock
from gateway.incidents.entry import (
    Assessed,
    Aware,
    Closed,
    Decided,
    Described,
    Entry,
    Evidence,
    Fact,
    FollowedUp,
    Harm,
    Late,
    Likelihood,
    Measure,
    Notified,
    Opened,
    Recipient,
    Reviewed,
    Severity,
    SeveritySet,
)

T = TypeVar("T")
_HIGH = {
    *((Likelihood.POSSIBLE, Harm.SEVERE), (Likelihood.LIKELY, Harm.SEVERE)),
    (Likelihood.LIKELY, Harm.SERIOUS),
}


@dataclass(frozen=True, slots=True)
class Incident:
    """As it stands. Times in unix ms. people: pseudonyms of whom the evidence names; None: no evidence yet."""

    id: str
    entries: tuple[Entry, ...]
    opened: Opened
    opened_at: int
    severity: Severity
    aware_since: int | None
    facts: Mapping[Fact, str]
    events: frozenset[str]
    people: frozenset[str] | None
    assessed: Assessed | None
    decided: Decided | None
    measures: tuple[Measure, ...]
    notified: tuple[Notified, ...]
    follow_ups: tuple[FollowedUp, ...]
    late: Late | None
    review: Reviewed | None
    closed_at: int | None

    @property
    def is_high_risk(self) -> bool:
        """Whether the people must be told (Art 34)."""
        found = self.assessed
        return found is not None and (found.likelihood, found.harm) in _HIGH

    @property
    def told_ico_at(self) -> int | None:
        """When the ICO was told first."""
        return self._told(Recipient.ICO)

    @property
    def told_people_at(self) -> int | None:
        """When the people were told first."""
        return self._told(Recipient.PEOPLE)

    @property
    def is_running(self) -> bool:
        """Whether the 72 hours run: we are aware, and neither told the ICO nor decided not to."""
        dropped = self.closed_at is not None or (self.decided is not None and not self.decided.ico)
        return self.aware_since is not None and self.told_ico_at is None and not dropped

    @property
    def was_late(self) -> bool:
        """Whether the ICO was told after the 72 hours."""
        told, since = self.told_ico_at, self.aware_since
        return told is not None and since is not None and clock.is_late(since, told)

    def _told(self, recipient: Recipient) -> int | None:
        return min((one.when for one in self.notified if one.recipient is recipient), default=None)


def fold(entries: Sequence[Entry]) -> Incident:
    """What the entries of one incident, in order, make of it. Raises ValueError unless the first one opens it."""
    first = entries[0]
    if not isinstance(first.body, Opened):
        raise ValueError("the first entry of an incident opens it")  # noqa: TRY004  # a fault of the data
    aware, evidence = _last(entries, Aware), _all(entries, Evidence)
    severity = _last(entries, SeveritySet) or first.body
    return Incident(
        id=first.incident_id,
        entries=tuple(entries),
        opened=first.body,
        opened_at=first.at,
        severity=severity.severity,
        aware_since=None if aware is None else aware.since,
        facts={one.fact: one.text for one in _all(entries, Described)},
        events=frozenset(event for one in evidence for event in one.events),
        people=frozenset(mark for one in evidence for mark in one.people) if evidence else None,
        assessed=_last(entries, Assessed),
        decided=_last(entries, Decided),
        measures=_all(entries, Measure),
        notified=_all(entries, Notified),
        follow_ups=_all(entries, FollowedUp),
        late=_last(entries, Late),
        review=_last(entries, Reviewed),
        closed_at=next((entry.at for entry in entries if isinstance(entry.body, Closed)), None),
    )


def fold_each(entries: Sequence[Entry]) -> list[Incident]:
    """Every incident of a register, in the order in which they were opened."""
    grouped: dict[str, list[Entry]] = {}
    for entry in entries:
        grouped.setdefault(entry.incident_id, []).append(entry)
    return [fold(one) for one in grouped.values()]


def _all(entries: Sequence[Entry], kind: type[T]) -> tuple[T, ...]:
    return tuple(entry.body for entry in entries if isinstance(entry.body, kind))


def _last(entries: Sequence[Entry], kind: type[T]) -> T | None:
    return next((entry.body for entry in reversed(entries) if isinstance(entry.body, kind)), None)
