"""The notification of Art 33(3), as the ICO asks: each field has what the register knows, or says that it doesn't."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from gateway.incidents import clock
from gateway.incidents.document import Document, Part, day, listed, stated, unset
from gateway.incidents.entry import Effect, Fact, Recipient
from gateway.incidents.incident import Incident
from gateway.incidents.operator_settings import OrganisationSettings


class Field(StrEnum):
    """What is asked, in the order of the document."""

    ORGANISATION = "organisation"
    REGISTRATION = "registration"
    DPO_CONTACT = "dpo_contact"
    REPORT = "report"
    REFERENCE = "reference"
    OCCURRED = "occurred"
    DISCOVERED = "discovered"
    AWARE = "aware"
    DUE = "due"
    HOW_DISCOVERED = "how_discovered"
    NATURE = "nature"
    BREACH_TYPE = "breach_type"
    CYBER_VECTOR = "cyber_vector"
    PEOPLE_CATEGORIES = "people_categories"
    PEOPLE_NUMBER = "people_number"
    RECORDS_CATEGORIES = "records_categories"
    RECORDS_NUMBER = "records_number"
    SPECIAL_CATEGORIES = "special_categories"
    CONSEQUENCES = "consequences"
    LIKELIHOOD = "likelihood"
    HARM = "harm"
    CONTAINMENT = "containment"
    RECOVERY = "recovery"
    MITIGATION = "mitigation"
    PROPOSED = "proposed"
    PEOPLE_TOLD = "people_told"
    STAFF_TRAINING = "staff_training"
    OTHER_BODIES = "other_bodies"
    DELAY = "delay"
    FOLLOW_UPS = "follow_ups"


TITLES: Final[Mapping[Field, str]] = {
    Field.ORGANISATION: "Organisation",
    Field.REGISTRATION: "Registration number with the ICO",
    Field.DPO_CONTACT: "Data protection officer or other contact",
    Field.REPORT: "Initial or follow-up report",
    Field.REFERENCE: "Reference of the ICO",
    Field.OCCURRED: "When it happened",
    Field.DISCOVERED: "When it was discovered",
    Field.AWARE: "When we became aware of the breach",
    Field.DUE: "End of the 72 hours",
    Field.HOW_DISCOVERED: "How it was discovered",
    Field.NATURE: "What happened",
    Field.BREACH_TYPE: "Confidentiality, integrity or availability",
    Field.CYBER_VECTOR: "Way of the attack, if it was one",
    Field.PEOPLE_CATEGORIES: "Categories of people concerned",
    Field.PEOPLE_NUMBER: "Approximate number of people concerned",
    Field.RECORDS_CATEGORIES: "Categories of personal data records",
    Field.RECORDS_NUMBER: "Approximate number of records",
    Field.SPECIAL_CATEGORIES: "Special categories of data",
    Field.CONSEQUENCES: "Likely consequences",
    Field.LIKELIHOOD: "Likelihood that people come to harm",
    Field.HARM: "Severity of that harm",
    Field.CONTAINMENT: "Measures taken to contain it",
    Field.RECOVERY: "Measures taken to recover",
    Field.MITIGATION: "Measures taken to lessen its effects",
    Field.PROPOSED: "Measures proposed",
    Field.PEOPLE_TOLD: "Whether the people were told",
    Field.STAFF_TRAINING: "Training of the staff involved, in the last two years",
    Field.OTHER_BODIES: "Other regulators, NCSC, police",
    Field.DELAY: "Reason for telling after 72 hours",
    Field.FOLLOW_UPS: "What was told since the first report",
}
_TAKEN: Final = {
    Field.CONTAINMENT: Effect.CONTAINMENT,
    Field.RECOVERY: Effect.RECOVERY,
    Field.MITIGATION: Effect.MITIGATION,
}


def notification(incident: Incident, organisation: OrganisationSettings) -> Document:
    """For the ICO. Nothing in it is made up, and nobody in it is named."""
    values = _facts(incident) | _organisation(organisation) | _course(incident) | _risk(incident) | _measures(incident)
    parts = [Part(field.value, TITLES[field], values[field]) for field in Field]
    return Document("ico_notification", f"Personal data breach {incident.id}: notification to the ICO", tuple(parts))


def _facts(incident: Incident) -> dict[Field, str]:
    found = {Field(fact.value): stated(incident.facts.get(fact)) for fact in Fact}
    alert = incident.opened.alert
    if Fact.HOW_DISCOVERED not in incident.facts and alert is not None:
        found[Field.HOW_DISCOVERED] = f"By monitoring: the alert {alert}"
    return found


def _organisation(organisation: OrganisationSettings) -> dict[Field, str]:
    return {
        Field.ORGANISATION: unset(organisation.name),
        Field.REGISTRATION: unset(organisation.ico_registration),
        Field.DPO_CONTACT: unset(organisation.dpo_contact),
    }


def _course(incident: Incident) -> dict[Field, str]:
    since, told = incident.aware_since, incident.told_ico_at
    reference = next((one.reference for one in incident.notified if one.recipient is Recipient.ICO), None)
    in_time = "Not late" if told is not None and not incident.was_late else None
    return {
        Field.REPORT: "Initial report" if told is None else f"Follow-up to the report of {day(told)}",
        Field.REFERENCE: stated(reference),
        Field.AWARE: stated(since and day(since)),
        Field.DUE: stated(since and day(clock.due(since))),
        Field.DELAY: stated(incident.late.text if incident.late else in_time),
        Field.PEOPLE_TOLD: _people_told(incident),
        Field.FOLLOW_UPS: listed([f"{day(one.when)}: {one.text}" for one in incident.follow_ups], "None"),
    }


def _people_told(incident: Incident) -> str:
    if incident.told_people_at is not None:
        return f"Yes, on {day(incident.told_people_at)}"
    if incident.decided is None:
        return stated(None)
    return "Not yet; they will be" if incident.decided.people else "No, it was decided not to"


def _risk(incident: Incident) -> dict[Field, str]:
    people, assessed = incident.people, incident.assessed
    counted = None if people is None else f"{len(people)} (counted in the audit log)"
    return {
        Field.PEOPLE_NUMBER: stated(counted),
        Field.LIKELIHOOD: stated(assessed.likelihood.value.capitalize() if assessed else None),
        Field.HARM: stated(f"{assessed.harm.value.capitalize()}: {assessed.text}" if assessed else None),
    }


def _measures(incident: Incident) -> dict[Field, str]:
    taken = {
        field: listed([one.text for one in incident.measures if one.taken and one.effect is effect])
        for field, effect in _TAKEN.items()
    }
    return taken | {Field.PROPOSED: listed([one.text for one in incident.measures if not one.taken])}
