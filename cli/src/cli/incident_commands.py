"""`mail-organiser admin incident`: the commands of the register. What each does is cli.incident's."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

C = TypeVar("C", bound=Callable[..., Any])
_TIME = click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"])
_TIME_HELP = "With its offset, as 2026-11-03T10:42+00:00."
_SEVERITY = click.Choice(["low", "medium", "high", "critical"])
FACTS = (
    *("nature", "occurred", "discovered", "how_discovered", "breach_type", "cyber_vector", "people_categories"),
    *("records_categories", "records_number", "special_categories", "consequences", "staff_training", "other_bodies"),
)


@click.group()
def incident() -> None:
    """Keep the register of incidents and breaches, and make the documents of one. Nothing is sent by it.

    What you may do is what your key proves: an SRE opens and works on an incident; what is judged, decided and told is
    the data protection officer's. Texts come from stdin when they are not given, so that they are in no list of
    processes; with `--key -` the first line of stdin is the key. Examples:

    \b
        mail-organiser admin incident open --settings gateway.toml --key sre.key --operator Sam --severity high < text
        mail-organiser admin incident list --settings gateway.toml --key sre.key
        mail-organiser admin incident documents inc_... --kind ico --settings gateway.toml --key dpo.key > ico.md
    """


def _reading(function: C) -> C:
    settings = click.option(
        "--settings", type=click.Path(path_type=Path), required=True, help="The gateway's settings file."
    )
    key = click.option("--key", required=True, help="The file with your key (chmod 600); - for stdin's first line.")
    return settings(key(function))


def _writing(function: C) -> C:
    return _reading(click.option("--operator", required=True, help="What you call yourself in the register.")(function))


def _write(kind: str, incident_id: str, who: dict[str, Any], text: str | None = None, **fields: Any) -> None:
    from cli.incident import write  # noqa: PLC0415  # --help stays quick

    raise SystemExit(write(kind, incident_id, who, text, fields))


@incident.command("key")
@click.argument("file", type=click.Path(path_type=Path))
def make_key(file: Path) -> None:
    """Make a key for a role: FILE stays with whoever has it, the digest that is printed goes into the settings."""
    from cli.incident import make_key as make  # noqa: PLC0415  # the same

    raise SystemExit(make(file))


@incident.command("open")
@click.argument("text", required=False)
@click.option("--severity", type=_SEVERITY, required=True)
@click.option("--alert", help="The alert that led you to it.")
@_writing
def open_incident(text: str | None, severity: str, alert: str | None, **who: Any) -> None:
    """Open an incident, and print its id. TEXT: what was seen."""
    _write("opened", "", who, text, severity=severity, alert=alert)


@incident.command("list")
@_reading
def list_incidents(**who: Any) -> None:
    """List incidents: id, state, severity, hours since awareness, when the 72 hours end."""
    from cli.incident import show_all  # noqa: PLC0415  # the same

    raise SystemExit(show_all(who))


@incident.command()
@click.argument("incident_id")
@_reading
def show(incident_id: str, **who: Any) -> None:
    """Show an incident's timeline: when, which role, who, what."""
    from cli.incident import show_one  # noqa: PLC0415  # the same

    raise SystemExit(show_one(incident_id, who))


@incident.command()
@click.argument("incident_id")
@click.argument("text", required=False)
@_writing
def note(incident_id: str, text: str | None, **who: Any) -> None:
    """Add a line to the timeline."""
    _write("noted", incident_id, who, text)


@incident.command()
@click.argument("incident_id")
@click.argument("severity", type=_SEVERITY)
@click.argument("text", required=False)
@_writing
def severity(incident_id: str, severity: str, text: str | None, **who: Any) -> None:
    """Set the severity. TEXT: why."""
    _write("severity", incident_id, who, text, severity=severity)


@incident.command()
@click.argument("incident_id")
@click.argument("fact", type=click.Choice(FACTS))
@click.argument("text", required=False)
@_writing
def describe(incident_id: str, fact: str, text: str | None, **who: Any) -> None:
    """Write down a fact that authorities ask for; the last one of a fact counts."""
    _write("described", incident_id, who, text, fact=fact)


@incident.command()
@click.argument("incident_id")
@click.argument("events", nargs=-1)
@click.option("--kind", help="Instead of ids: every event of this kind...")
@click.option("--since", type=_TIME, help=f"...from then... {_TIME_HELP}")
@click.option("--until", type=_TIME, help="...to then.")
@_writing
def evidence(  # one argument an option
    incident_id: str,
    events: tuple[str, ...],
    kind: str | None,
    since: datetime | None,
    until: datetime | None,
    **who: Any,
) -> None:
    """Link EVENTS of the audit log (evt_...). The people in them count as affected."""
    from cli.incident import link  # noqa: PLC0415  # the same

    if bool(events) == bool(kind) or (kind and not (since and until)):
        raise click.UsageError("give ids of events, or --kind with --since and --until")
    raise SystemExit(link(incident_id, who, events, (kind, since, until) if kind and since and until else None))


@incident.command()
@click.argument("incident_id")
@click.option("--since", type=_TIME, required=True, help=_TIME_HELP)
@_writing
def aware(incident_id: str, since: datetime, **who: Any) -> None:
    """DPO: declare from when we are aware of the breach. Once; the 72 hours run from then."""
    _write("aware", incident_id, who, since=since)


@incident.command()
@click.argument("incident_id")
@click.option("--likelihood", type=click.Choice(["unlikely", "possible", "likely"]), required=True)
@click.option("--harm", type=click.Choice(["minor", "serious", "severe"]), required=True)
@click.argument("text", required=False)
@_writing
def assess(incident_id: str, text: str | None, likelihood: str, harm: str, **who: Any) -> None:
    """DPO: assess the risk for people. TEXT: the reasoning."""
    _write("assessed", incident_id, who, text, likelihood=likelihood, harm=harm)


@incident.command()
@click.argument("incident_id")
@click.option("--ico/--no-ico", required=True, help="Whether the ICO is told.")
@click.option("--people/--no-people", required=True, help="Whether the people are told.")
@click.argument("text", required=False)
@_writing
def decide(incident_id: str, text: str | None, *, ico: bool, people: bool, **who: Any) -> None:
    """DPO: decide who is told. TEXT: the reason."""
    _write("decided", incident_id, who, text, ico=ico, people=people)


@incident.command()
@click.argument("incident_id")
@click.option("--effect", type=click.Choice(["containment", "recovery", "mitigation"]), required=True)
@click.option("--taken/--proposed", required=True)
@click.argument("text", required=False)
@_writing
def measure(incident_id: str, text: str | None, effect: str, *, taken: bool, **who: Any) -> None:
    """Write down a measure."""
    _write("measure", incident_id, who, text, effect=effect, taken=taken)


@incident.command()
@click.argument("incident_id")
@click.option("--recipient", type=click.Choice(["ico", "people"]), required=True)
@click.option("--at", "when", type=_TIME, required=True, help=_TIME_HELP)
@click.option("--reference", help="What the ICO calls it.")
@_writing
def notified(incident_id: str, recipient: str, when: datetime, reference: str | None, **who: Any) -> None:
    """DPO: write down that you have told them."""
    _write("notified", incident_id, who, recipient=recipient, when=when, reference=reference)


@incident.command("follow-up")
@click.argument("incident_id")
@click.option("--at", "when", type=_TIME, required=True, help=_TIME_HELP)
@click.argument("text", required=False)
@_writing
def follow_up(incident_id: str, when: datetime, text: str | None, **who: Any) -> None:
    """DPO: write down what you told the ICO later."""
    _write("followed_up", incident_id, who, text, when=when)


@incident.command()
@click.argument("incident_id")
@click.argument("text", required=False)
@_writing
def late(incident_id: str, text: str | None, **who: Any) -> None:
    """DPO: write down why the ICO is told after 72 hours."""
    _write("late", incident_id, who, text)


@incident.command()
@click.argument("incident_id")
@click.argument("text", required=False)
@_writing
def review(incident_id: str, text: str | None, **who: Any) -> None:
    """DPO: write down what was learned."""
    _write("reviewed", incident_id, who, text)


@incident.command()
@click.argument("incident_id")
@_writing
def close(incident_id: str, **who: Any) -> None:
    """DPO: close it. Refused while something is owed."""
    _write("closed", incident_id, who)


@incident.command()
@click.option("--settings", type=click.Path(path_type=Path), required=True, help="The gateway's settings file.")
def verify(settings: Path) -> None:
    """Check that no entry was edited, deleted, inserted or cut off; exit code 1 and the first number if so."""
    from cli.incident import verify as check  # noqa: PLC0415  # the same

    raise SystemExit(check(settings))


@incident.command()
@click.argument("incident_id", required=False)
@click.option("--kind", type=click.Choice(["ico", "letter", "register"]), required=True)
@click.option("--format", "form", type=click.Choice(["markdown", "json"]), default="markdown", show_default=True)
@_reading
def documents(incident_id: str | None, kind: str, form: str, **who: Any) -> None:
    """Print a document: the notification to the ICO, the letter to people, or the register's extract.

    Without INCIDENT_ID the register is that of all incidents.
    """
    from cli.incident import document  # noqa: PLC0415  # the same

    if incident_id is None and kind != "register":
        raise click.UsageError("name the incident")
    raise SystemExit(document(incident_id, kind, form, who))
