"""Documents: every field is there, nothing is made up, nobody is in them, and their words are what they were."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.audit.event import Event, Kind
from gateway.incidents import document, ico, register
from gateway.incidents.document import NOT_KNOWN, NOT_SET, Document
from gateway.incidents.entry import (
    Assessed,
    Aware,
    Closed,
    Decided,
    Described,
    Effect,
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
)
from gateway.incidents.extract import extract
from gateway.incidents.letter import letter
from gateway.incidents.operator_settings import OrganisationSettings
from gateway.incidents.refusal import IncidentRefused
from gateway.store import clock, reading

GOLDEN = Path(__file__).with_name("golden")
ORGANISATION = OrganisationSettings(name="Example Ltd", ico_registration="ZA000000", dpo_contact="dpo@example.org")
NOBODY = OrganisationSettings()
# Section by section what Art 33(3) and the ICO's form ask; a field that is dropped from the document is missed here.
ASKED = {
    *("organisation", "registration", "dpo_contact", "report", "reference"),
    *("occurred", "discovered", "aware", "due", "how_discovered"),
    *("nature", "breach_type", "cyber_vector", "people_categories", "people_number"),
    *("records_categories", "records_number", "special_categories", "consequences", "likelihood", "harm"),
    *("containment", "recovery", "mitigation", "proposed", "people_told", "staff_training", "other_bodies"),
    *("delay", "follow_ups"),
}
FACTS = {
    Fact.NATURE: "A key of a program was copied.\nMail headers of some accounts were read with it.",
    Fact.OCCURRED: "2027-01-14, between 20:00 and 23:00 UTC",
    Fact.DISCOVERED: "2027-01-15 08:00 UTC",
    Fact.BREACH_TYPE: "confidentiality",
    Fact.CYBER_VECTOR: "A stolen key",
    Fact.PEOPLE_CATEGORIES: "Owners of mailboxes",
    Fact.RECORDS_CATEGORIES: "Subjects and senders of mail",
    Fact.RECORDS_NUMBER: "About 400",
    Fact.SPECIAL_CATEGORIES: "None known",
    Fact.CONSEQUENCES: "Somebody may know who writes to you.",
    Fact.STAFF_TRAINING: "Both, in 2026",
    Fact.OTHER_BODIES: "None",
}


@pytest.fixture
def told(desk: Any, sre: Any) -> Any:
    """An incident from opening to close, told late; two people are in its evidence."""
    one, start, people = desk.opened("Keys used from a new network", alert="TokensRefused"), desk.moment, 2
    made = [desk.event(Event(Kind.SIGN_IN, person=desk.mailbox().person_id)) for _ in range(people)]
    with reading(desk.engine) as connection:
        evidence = register.linked(connection, made)
    desk.write(one, evidence, Noted("Timeline of the night"), author=sre)
    desk.write(one, *(Described(fact, text) for fact, text in FACTS.items()), author=sre)
    desk.write(one, Measure(Effect.CONTAINMENT, taken=True, text="The key was revoked"), author=sre)
    desk.write(one, Measure(Effect.MITIGATION, taken=False, text="Look at your keys, and end those you don't know"))
    desk.write(one, Aware(start), Assessed(Likelihood.LIKELY, Harm.SERIOUS, "Contacts may be abused"))
    desk.write(one, Decided(ico=True, people=True, text="The risk is high"))
    desk.pass_hours(80)
    desk.write(one, Notified(Recipient.ICO, start + 74 * clock.HOUR, "IC-1"), Late("The count took three days"))
    desk.write(one, Notified(Recipient.PEOPLE, start + 75 * clock.HOUR))
    desk.write(one, FollowedUp(start + 76 * clock.HOUR, "It was 400 records"), Reviewed("Keys end sooner"), Closed())
    return desk.incident(one)


def fields(made: Document) -> dict[str, str]:
    answer: dict[str, str] = json.loads(document.as_json(made))["fields"]
    return answer


def steady(text: str) -> str:
    """Without ids, which are random; events by their number."""
    return re.sub(r"(evt|inc)\\?_[a-z2-7]{26}", r"\1_...", text)


@pytest.mark.parametrize("name", ["ico", "letter", "extract"])
@pytest.mark.parametrize("form", ["md", "json"])
def test_documents_are_what_they_were(told: Any, name: str, form: str) -> None:
    """Word by word, in both forms."""
    made = {
        "ico": lambda: ico.notification(told, ORGANISATION),
        "letter": lambda: letter(told, ORGANISATION),
        "extract": lambda: extract(told),
    }[name]()
    text = document.as_markdown(made) if form == "md" else document.as_json(made) + "\n"
    assert steady(text) == (GOLDEN / f"{name}.{form}").read_text(encoding="utf-8")


def test_no_field_is_missing_and_none_is_made_up(desk: Any) -> None:
    """Of an incident of which nothing is known yet: each field says so, or is about our own course of things."""
    found = fields(ico.notification(desk.incident(desk.opened()), NOBODY))
    assert found.keys() == ASKED
    assert {name for name, text in found.items() if text == NOT_SET} == {"organisation", "registration", "dpo_contact"}
    known = {name: text for name, text in found.items() if text not in {NOT_SET, NOT_KNOWN}}
    assert known == {"report": "Initial report", "follow_ups": "None"}


def test_every_field_is_filled_when_all_is_known(told: Any) -> None:
    """But for what was not done: nothing was recovered. Every fact that can be written down is in it."""
    found = fields(ico.notification(told, ORGANISATION))
    assert {name for name, text in found.items() if text in {NOT_SET, NOT_KNOWN}} == {"recovery", "mitigation"}
    assert all(text in found.values() for text in FACTS.values())
    assert found["people_number"].startswith("2 ")


def test_each_follow_up_is_dated(told: Any) -> None:
    """And the report says which one it follows."""
    found = fields(ico.notification(told, ORGANISATION))
    assert found["report"].startswith("Follow-up to the report of 2027-01-")
    assert re.fullmatch(r"2027-01-\d\d \d\d:\d\d UTC: It was 400 records", found["follow_ups"])


def test_a_letter_is_for_a_high_risk(desk: Any) -> None:
    """Or when it was decided to tell them anyway."""
    one = desk.opened()
    desk.write(one, Assessed(Likelihood.POSSIBLE, Harm.SERIOUS, "x"))
    with pytest.raises(IncidentRefused, match="not assessed as high"):
        letter(desk.incident(one), ORGANISATION)
    desk.write(one, Decided(ico=False, people=True, text="x"))
    assert letter(desk.incident(one), ORGANISATION).kind == "letter"
    desk.write(one, Assessed(Likelihood.POSSIBLE, Harm.SEVERE, "x"), Decided(ico=False, people=False, text="x"))
    assert fields(letter(desk.incident(one), NOBODY))["contact"] == NOT_SET


def test_nobody_is_in_a_document(told: Any, desk: Any) -> None:
    """Neither person nor mailbox nor pseudonym, no operator's name; only the contact that the operator set."""
    mailbox = desk.mailbox()
    made = [ico.notification(told, NOBODY), letter(told, NOBODY), extract(told)]
    text = "".join(document.as_markdown(one) + document.as_json(one) for one in made)
    private = {mailbox.id, mailbox.person_id, *told.people, "Sam", "Dana", "per_", "mbx_", "@"}
    assert {word for word in private if word in text} == set()


@pytest.mark.parametrize(
    "canary", ["from canary@example.test", "eyJhbGciOiJFUzI1NiJ9.canary", "canary" + "Ab1" * 20, "192.0.2.77"]
)
@pytest.mark.parametrize(
    "kind", [Noted, Late, Reviewed, *(lambda text, fact=fact: Described(fact, text) for fact in Fact)]
)
def test_an_address_or_a_token_never_gets_into_one(desk: Any, canary: str, kind: Any) -> None:
    """No kind of text takes one, so no document can have it."""
    one = desk.opened()
    desk.write(one, Aware(desk.moment))
    with pytest.raises(IncidentRefused):
        desk.write(one, kind(f"seen {canary} there"))
    made = [ico.notification(desk.incident(one), NOBODY), extract(desk.incident(one))]
    assert canary not in "".join(document.as_json(part) for part in made)


def test_a_text_stays_a_text(desk: Any) -> None:
    """It makes no heading, link, picture or markup."""
    one = desk.opened()
    desk.write(one, Described(Fact.NATURE, "# Not so\n![x](y) <b>bold</b> `code`"))
    text = document.as_markdown(extract(desk.incident(one)))
    assert "\n# Not so" not in text
    assert r"\!\[x\](y) \<b\>bold\</b\> \`code\`" in text
