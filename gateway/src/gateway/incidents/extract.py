"""The register's extract of Art 33(5): the facts of an incident, its effects and what was done."""

from gateway.incidents.document import Document, Part, day, listed, stated
from gateway.incidents.entry import Fact, Measure, Notified
from gateway.incidents.incident import Incident


def extract(incident: Incident) -> Document:
    """Of one incident; the whole register is one of each."""
    parts = (
        Part("opened", "Opened", f"{day(incident.opened_at)}, {_by(incident)}: {incident.opened.text}"),
        Part("severity", "Severity", incident.severity.value),
        Part("aware", "Aware since", stated(incident.aware_since and day(incident.aware_since))),
        Part("nature", "What happened", stated(incident.facts.get(Fact.NATURE))),
        Part("effects", "Effects", stated(incident.facts.get(Fact.CONSEQUENCES))),
        Part("people", "People concerned", stated(None if incident.people is None else len(incident.people))),
        Part("evidence", "Events of the audit log", listed(sorted(incident.events), "none")),
        Part("risk", "Risk for people", _risk(incident)),
        Part("decision", "Decision", _decision(incident)),
        Part("measures", "Measures", listed([_measure(one) for one in incident.measures], "none")),
        Part("notified", "Told", listed([_told(one) for one in incident.notified], "nobody")),
        Part("late", "Reason for telling late", incident.late.text if incident.late else "none"),
        Part("review", "Closing review", stated(incident.review.text if incident.review else None)),
        Part("closed", "Closed", stated(incident.closed_at and day(incident.closed_at))),
    )
    return Document("register_extract", f"Incident {incident.id}", parts)


def _by(incident: Incident) -> str:
    alert = incident.opened.alert
    return f"by {incident.entries[0].role.upper()}" + (f" after the alert {alert}" if alert else "")


def _risk(incident: Incident) -> str:
    found = incident.assessed
    return stated(f"{found.likelihood.value}, {found.harm.value}: {found.text}" if found else None)


def _decision(incident: Incident) -> str:
    found = incident.decided
    if found is None:
        return stated(None)
    whom = [name for name, told in (("the ICO", found.ico), ("the people", found.people)) if told]
    return f"To tell {' and '.join(whom) or 'nobody'}: {found.text}"


def _measure(found: Measure) -> str:
    return f"{found.effect.value}, {'taken' if found.taken else 'proposed'}: {found.text}"


def _told(one: Notified) -> str:
    reference = f", reference {one.reference}" if one.reference else ""
    return f"{one.recipient.value}, {day(one.when)}{reference}"
