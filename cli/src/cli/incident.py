"""`mail-organiser admin incident`: the register of incidents, on the host, beside a running gateway or without."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine

from chassis.errors import ServiceError
from chassis.secret_file import read_private
from cli.admin import configured
from cli.ending import ending
from cli.exit_code import ExitCode
from cli.report import Report
from cli.unusable import Unusable
from gateway import deployment
from gateway.incidents import clock, extract, ico, letter, register, role_key
from gateway.incidents.document import Document, as_json, as_markdown, day
from gateway.incidents.entry import Body, Evidence, Opened, code
from gateway.incidents.incident import Incident
from gateway.incidents.refusal import IncidentRefused, RoleRefused
from gateway.incidents.register import Author, Register
from gateway.settings import GatewaySettings
from gateway.store import clock as time
from gateway.store import engine as store
from gateway.store.engine import reading
from gateway.vault.errors import VaultError

STDIN: Final = "-"
TEXTLESS: Final = frozenset({"aware", "notified", "closed"})
Who = dict[str, Any]  # settings, key, and who writes: operator


class Office(NamedTuple):
    """An opened register."""

    engine: Engine
    register: Register
    configured: GatewaySettings


def make_key(file: Path) -> ExitCode:
    """Writes a new key into a file that was not there, and its digest to stdout."""

    def work() -> ExitCode:
        key = role_key.make()
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as made:
            made.write(key + b"\n")
        sys.stdout.write(f"{role_key.digest(key)}\n")
        return ExitCode.DONE

    return ending(Report(), work, ())


def write(kind: str, incident_id: str, who: Who, text: str | None, fields: dict[str, Any]) -> ExitCode:
    """One entry of this kind; for the one that opens an incident its id goes to stdout."""

    def work(office: Office) -> ExitCode:
        author = _author(office, who)
        said = {} if kind in TEXTLESS else {"text": sys.stdin.read().strip() if text is None else text}
        body = _body({"kind": kind, **said, **{name: _plain(value) for name, value in fields.items()}})
        if isinstance(body, Opened):
            with office.engine.begin() as connection:
                sys.stdout.write(f"{office.register.open(connection, author, body)}\n")
            return ExitCode.DONE
        return _written(office, author, incident_id, body)

    return _in(who["settings"], work)


def link(incident_id: str, who: Who, events: Sequence[str], window: tuple[str, datetime, datetime] | None) -> ExitCode:
    """Evidence: these events, or all of a kind of a time. How many people they name goes to stderr."""

    def work(office: Office) -> ExitCode:
        author = _author(office, who)
        with reading(office.engine) as connection:
            body = _evidence(connection, events, window)
        Report().say(f"{len(body.events)} events, which name {len(body.people)} people.")
        return _written(office, author, incident_id, body)

    return _in(who["settings"], work)


def show_all(who: Who) -> ExitCode:
    """A line each."""

    def work(office: Office) -> ExitCode:
        _author(office, who)
        with reading(office.engine) as connection:
            for one in office.register.incidents(connection):
                sys.stdout.write(_line(one, time.now()) + "\n")
        return ExitCode.DONE

    return _in(who["settings"], work)


def show_one(incident_id: str, who: Who) -> ExitCode:
    """The timeline, an entry a line of JSON behind its time."""

    def work(office: Office) -> ExitCode:
        _author(office, who)
        with reading(office.engine) as connection:
            found = office.register.incident(connection, incident_id)
        sys.stdout.write(_line(found, time.now()) + "\n")
        for entry in found.entries:
            said = msgspec.json.encode(entry.body).decode()
            sys.stdout.write(f"{day(entry.at)}  {entry.role.upper()} {entry.operator}: {code(entry.body)} {said}\n")
        return ExitCode.DONE

    return _in(who["settings"], work)


def verify(settings: Path) -> ExitCode:
    """The first number that is wrong, and how."""

    def work(office: Office) -> ExitCode:
        with reading(office.engine) as connection:
            report = office.register.verify(connection)
        if report.broken is None:
            sys.stdout.write(f"incidents: good, {report.checked} entries\n")
            return ExitCode.DONE
        seq, fault = report.broken
        sys.stdout.write(f"incidents: broken at {seq}: {fault}\n")
        return ExitCode.FAILED

    return _in(settings, work)


def document(incident_id: str | None, kind: str, form: str, who: Who) -> ExitCode:
    """The document, to stdout."""

    def work(office: Office) -> ExitCode:
        _author(office, who)
        with reading(office.engine) as connection:
            if incident_id is None:
                found = office.register.incidents(connection)
            else:
                found = [office.register.incident(connection, incident_id)]
        made = [_made(kind, one, office.configured) for one in found]
        if form == "json" and incident_id is None:
            sys.stdout.write(f"[{','.join(as_json(one) for one in made)}]\n")
        else:
            sys.stdout.write("\n".join((as_json if form == "json" else as_markdown)(one) for one in made) + "\n")
        return ExitCode.DONE

    return _in(who["settings"], work)


def _made(kind: str, found: Incident, given: GatewaySettings) -> Document:
    if kind == "ico":
        return ico.notification(found, given.organisation)
    return letter.letter(found, given.organisation) if kind == "letter" else extract.extract(found)


def _in(settings: Path, work: Callable[[Office], ExitCode]) -> ExitCode:
    def run() -> ExitCode:
        try:
            with _opened(settings) as office:
                return work(office)
        except IncidentRefused as refused:
            raise Unusable(refused.what, refused.why, refused.what_to_do) from None

    return ending(Report(), run, (ServiceError, VaultError))


@contextmanager
def _opened(settings: Path) -> Iterator[Office]:
    given = configured(settings)
    keyring = deployment.open_keyring(given)
    engine = store.open(given.database)
    try:
        yield Office(engine, Register(keyring, given.deployment, deployment.trail(given, keyring)), given)
    finally:
        engine.dispose()


def _author(office: Office, who: Who) -> Author:
    shown = sys.stdin.readline().encode() if who["key"] == STDIN else read_private(Path(who["key"]), "--key")
    return Author(role_key.role_of(shown, office.configured.operators), who.get("operator", ""))


def _written(office: Office, author: Author, incident_id: str, body: Body) -> ExitCode:
    try:
        with office.engine.begin() as connection:
            office.register.write(connection, author, incident_id, body)
    except RoleRefused:
        with office.engine.begin() as connection:
            office.register.refused(connection, incident_id, body)
        raise
    return ExitCode.DONE


def _evidence(connection: Connection, events: Sequence[str], window: tuple[str, datetime, datetime] | None) -> Evidence:
    if window is None:
        return register.linked(connection, events)
    kind, since, until = window
    return register.linked_of(connection, kind, _plain(since), _plain(until))


def _body(given: dict[str, Any]) -> Body:
    try:
        body: Body = msgspec.convert(given, type=Body)
    except msgspec.ValidationError:
        raise Unusable(
            "This was not written.",
            "A text is empty or over 8000 characters, or a name or a reference has a form that none has.",
            "Shorten or correct it.",
        ) from None
    return body


def _plain(value: Any) -> Any:
    return round(value.timestamp() * time.SECOND) if isinstance(value, datetime) else value


def _line(found: Incident, now: int) -> str:
    state = "closed" if found.closed_at else "running" if found.is_running else "open"
    since = found.aware_since
    hours = "not declared" if since is None else f"{clock.hours(since, now):.1f} h, due {day(clock.due(since))}"
    return f"{found.id}  {state}  {found.severity}  aware: {hours}"
