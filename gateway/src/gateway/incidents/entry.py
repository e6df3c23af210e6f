"""What can be written into the register: one struct for each kind of entry, and who may write it.

A new kind is a struct, a row in EVENTS and in ALLOWED, and a Kind of the audit log. Names are for ever: an entry of
years ago must still open.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

import msgspec

from gateway.audit.event import Kind

MOST_TEXT: Final = 8000  # characters of one text
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_TEXT)]
Label = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]{1,64}$")]
AlertName = Annotated[str, msgspec.Meta(pattern="^[A-Z][A-Za-z0-9]{0,63}$")]
EventId = Annotated[str, msgspec.Meta(pattern="^evt_[a-z2-7]{26}$")]
Reference = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ./_-]{0,38}$")]
Mark = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]


class Role(StrEnum):
    """SRE: site reliability, who handles it. DPO: the data protection officer, who judges it."""

    SRE = "sre"
    DPO = "dpo"


class Severity(StrEnum):
    """How bad it is for us; the risk for people is assessed apart."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Likelihood(StrEnum):
    """How likely people come to harm."""

    UNLIKELY = "unlikely"
    POSSIBLE = "possible"
    LIKELY = "likely"


class Harm(StrEnum):
    """How bad that harm would be for them."""

    MINOR = "minor"
    SERIOUS = "serious"
    SEVERE = "severe"


class Fact(StrEnum):
    """What an authority asks and only people can know."""

    NATURE = "nature"
    OCCURRED = "occurred"
    DISCOVERED = "discovered"
    HOW_DISCOVERED = "how_discovered"
    BREACH_TYPE = "breach_type"
    CYBER_VECTOR = "cyber_vector"
    PEOPLE_CATEGORIES = "people_categories"
    RECORDS_CATEGORIES = "records_categories"
    RECORDS_NUMBER = "records_number"
    SPECIAL_CATEGORIES = "special_categories"
    CONSEQUENCES = "consequences"
    STAFF_TRAINING = "staff_training"
    OTHER_BODIES = "other_bodies"


class Effect(StrEnum):
    """What a measure is for."""

    CONTAINMENT = "containment"
    RECOVERY = "recovery"
    MITIGATION = "mitigation"


class Recipient(StrEnum):
    """Who is told."""

    ICO = "ico"
    PEOPLE = "people"


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """Base of all."""


class Opened(_Body, frozen=True, tag="opened"):
    """By a person; alert: the one that led them to it."""

    text: Text
    severity: Severity
    alert: AlertName | None = None


class SeveritySet(_Body, frozen=True, tag="severity"):
    """From here on."""

    severity: Severity
    text: Text


class Noted(_Body, frozen=True, tag="noted"):
    """A line of the timeline."""

    text: Text


class Evidence(_Body, frozen=True, tag="evidence"):
    """Events of the audit log, and the pseudonyms of the people in them: the log forgets, the register doesn't."""

    events: Annotated[tuple[EventId, ...], msgspec.Meta(min_length=1)]
    people: tuple[Mark, ...]


class Described(_Body, frozen=True, tag="described"):
    """A fact as it is known now; the last one of a fact counts."""

    fact: Fact
    text: Text


class Aware(_Body, frozen=True, tag="aware"):
    """since: unix ms, from when the 72 hours run."""

    since: int


class Assessed(_Body, frozen=True, tag="assessed"):
    """The risk for people; the last one counts."""

    likelihood: Likelihood
    harm: Harm
    text: Text


class Decided(_Body, frozen=True, tag="decided"):
    """Who is to be told, and why; the last one counts."""

    ico: bool
    people: bool
    text: Text


class Measure(_Body, frozen=True, tag="measure"):
    """taken: otherwise proposed."""

    effect: Effect
    taken: bool
    text: Text


class Notified(_Body, frozen=True, tag="notified"):
    """A person told them at `when` (unix ms). reference: what the ICO calls it."""

    recipient: Recipient
    when: int
    reference: Reference | None = None


class FollowedUp(_Body, frozen=True, tag="followed_up"):
    """What the ICO was told after the first notification."""

    when: int
    text: Text


class Late(_Body, frozen=True, tag="late"):
    """Why the ICO is told after the 72 hours."""

    text: Text


class Reviewed(_Body, frozen=True, tag="reviewed"):
    """What was learned, and what changes because of it."""

    text: Text


class Closed(_Body, frozen=True, tag="closed"):
    """The last entry."""


Body = (
    Opened
    | SeveritySet
    | Noted
    | Evidence
    | Described
    | Aware
    | Assessed
    | Decided
    | Measure
    | Notified
    | FollowedUp
    | Late
    | Reviewed
    | Closed
)


class Entry(NamedTuple):
    """One opened entry. `at` in unix ms; operator: what somebody calls themselves."""

    seq: int
    incident_id: str
    at: int
    role: Role
    operator: str
    body: Body


EVENTS: Final[Mapping[type[Body], Kind]] = {
    Opened: Kind.INCIDENT_OPENED,
    SeveritySet: Kind.INCIDENT_SEVERITY,
    Noted: Kind.INCIDENT_NOTED,
    Evidence: Kind.INCIDENT_EVIDENCE,
    Described: Kind.INCIDENT_DESCRIBED,
    Aware: Kind.INCIDENT_AWARE,
    Assessed: Kind.INCIDENT_ASSESSED,
    Decided: Kind.INCIDENT_DECIDED,
    Measure: Kind.INCIDENT_MEASURE,
    Notified: Kind.INCIDENT_NOTIFIED,
    FollowedUp: Kind.INCIDENT_FOLLOWED_UP,
    Late: Kind.INCIDENT_LATE,
    Reviewed: Kind.INCIDENT_REVIEWED,
    Closed: Kind.INCIDENT_CLOSED,
}
_BOTH: Final = frozenset(Role)
_DPO: Final = frozenset({Role.DPO})
ALLOWED: Final[Mapping[type[Body], frozenset[Role]]] = {
    **dict.fromkeys((Opened, SeveritySet, Noted, Evidence, Described, Measure), _BOTH),
    **dict.fromkeys((Aware, Assessed, Decided, Notified, FollowedUp, Late, Reviewed, Closed), _DPO),
}


def code(body: Body) -> str:
    """What the kind of entry is called in the database."""
    return EVENTS[type(body)].value.removeprefix("incident.")
