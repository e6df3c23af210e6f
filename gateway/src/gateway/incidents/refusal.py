"""What may not be written into the register, and why. Pure: an incident, what is to be said, who says it, and when."""

from gateway.incidents.entry import (
    ALLOWED,
    Aware,
    Body,
    Closed,
    Decided,
    Described,
    Fact,
    FollowedUp,
    Late,
    Notified,
    Opened,
    Recipient,
    Role,
    code,
)
from gateway.incidents.incident import Incident

ASPECTS = frozenset({"confidentiality", "integrity", "availability"})


class IncidentRefused(Exception):
    """what, why and what_to_do are sentences for an operator; none repeats what they wrote."""

    def __init__(self, what: str, why: str, what_to_do: str) -> None:
        super().__init__(f"{what} {why} {what_to_do}")
        self.what = what
        self.why = why
        self.what_to_do = what_to_do


class RoleRefused(IncidentRefused):
    """The role may not write this kind of entry."""

    def __init__(self, body: Body) -> None:
        may = " or ".join(sorted(role.upper() for role in ALLOWED[type(body)]))
        super().__init__(
            "This was not written.", f"`{code(body)}` is {may}'s to write.", f"Ask who holds the key of {may}."
        )


def check_role(role: Role, body: Body) -> None:
    """Raises RoleRefused."""
    if role not in ALLOWED[type(body)]:
        raise RoleRefused(body)


def check(incident: Incident | None, body: Body, now: int) -> None:
    """Raises IncidentRefused unless the incident (None: there is none yet) allows the entry at `now` (unix ms)."""
    if incident is None or isinstance(body, Opened):
        if incident is not None or not isinstance(body, Opened):
            raise IncidentRefused("This was not written.", "An incident is opened once, and first.", "See `list`.")
        return
    if incident.closed_at is not None:
        raise IncidentRefused("This was not written.", "The incident is closed.", "Open another one that names it.")
    for fault in (_of_time(incident, body, now), _of_order(incident, body), _of_form(body)):
        if fault is not None:
            raise IncidentRefused("This was not written.", *fault)


def _of_time(incident: Incident, body: Body, now: int) -> tuple[str, str] | None:
    moment = body.since if isinstance(body, Aware) else body.when if isinstance(body, Notified | FollowedUp) else None
    if moment is None:
        return None
    if moment > now:
        return "The time is in the future.", "Give the time, with its offset, at which it happened."
    if isinstance(body, Notified | FollowedUp) and incident.aware_since is not None and moment < incident.aware_since:
        return "The time is before awareness was declared.", "Give the time at which they were told."
    return None


def _of_order(incident: Incident, body: Body) -> tuple[str, str] | None:
    if isinstance(body, Notified):
        return _of_notification(incident, body)
    if isinstance(body, Closed):
        return _of_closing(incident)
    return next((fault for kind, wrong, fault in _steps(incident) if isinstance(body, kind) and wrong), None)


def _steps(incident: Incident) -> list[tuple[type[Body], bool, tuple[str, str]]]:
    """What each kind has to come after or before: the kind, whether that is wrong now, and what is said then."""
    once = "Awareness is declared once and can't be changed.", "Write a note that says what was wrong with it."
    return [
        (Aware, incident.aware_since is not None, once),
        (Decided, incident.assessed is None, ("Nobody has assessed the risk.", "Run `assess` first.")),
        (FollowedUp, incident.told_ico_at is None, ("The ICO was not told yet.", "Run `notified` first.")),
        (Late, not (incident.was_late or incident.is_running), ("Nothing is late.", "Nothing has to be written.")),
    ]


def _of_notification(incident: Incident, body: Notified) -> tuple[str, str] | None:
    if incident.aware_since is None:
        return "Awareness is not declared.", "Run `aware` first."
    decided = incident.decided
    if decided is None or not (decided.ico if body.recipient is Recipient.ICO else decided.people):
        return "It was not decided to tell them.", "Run `decide` first."
    return None


def _of_closing(incident: Incident) -> tuple[str, str] | None:
    decided = incident.decided
    if decided is None:
        return "It is not decided who is told.", "Run `assess` and `decide` first."
    if decided.ico and incident.told_ico_at is None:
        return "The ICO was to be told, and was not.", "Tell them, then run `notified --recipient ico`."
    if decided.people and incident.told_people_at is None:
        return "The people were to be told, and were not.", "Tell them, then run `notified --recipient people`."
    if incident.was_late and incident.late is None:
        return "The ICO was told after 72 hours, without a reason here.", "Run `late`."
    if incident.review is None:
        return "There is no closing review.", "Run `review`."
    return None


def _of_form(body: Body) -> tuple[str, str] | None:
    if isinstance(body, Described) and body.fact is Fact.BREACH_TYPE:
        named = {word.strip() for word in body.text.split(",")}
        if not named <= ASPECTS:
            return "breach_type is none of what it can be.", f"Give one or more of {', '.join(sorted(ASPECTS))}."
    return None
