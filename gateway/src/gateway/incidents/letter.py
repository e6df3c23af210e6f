"""The letter of Art 34 to the people concerned, in plain language."""

from gateway.incidents.document import Document, Part, listed, stated, unset
from gateway.incidents.entry import Fact
from gateway.incidents.incident import Incident
from gateway.incidents.operator_settings import OrganisationSettings
from gateway.incidents.refusal import IncidentRefused


def letter(incident: Incident, organisation: OrganisationSettings) -> Document:
    """For each of them; it names nobody. Raises IncidentRefused unless the risk is high or they are to be told."""
    told = incident.decided is not None and incident.decided.people
    if not (incident.is_high_risk or told):
        raise IncidentRefused(
            "There is no letter.",
            "The risk is not assessed as high, and it was not decided to tell the people.",
            "Run `assess` or `decide` first.",
        )
    done = [one.text for one in incident.measures if one.taken]
    planned = [one.text for one in incident.measures if not one.taken]
    parts = (
        Part("from", "Who writes to you", unset(organisation.name)),
        Part("nature", "What happened", stated(incident.facts.get(Fact.NATURE))),
        Part("when", "When it happened", stated(incident.facts.get(Fact.OCCURRED))),
        Part("data", "Which of your data it concerns", stated(incident.facts.get(Fact.RECORDS_CATEGORIES))),
        Part("consequences", "What this may mean for you", stated(incident.facts.get(Fact.CONSEQUENCES))),
        Part("measures", "What we have done", listed(done)),
        Part("proposed", "What we will do, and what you can do", listed(planned)),
        Part("contact", "Whom you can ask", unset(organisation.dpo_contact)),
    )
    return Document("letter", "Your personal data were part of a breach", parts)
