"""`mail-organiser connect`: walks a person through registering this installation with Microsoft, and writes it down.

Guarantees: nothing is written over without a yes; the certificate's key is made here and never leaves; what was typed
is checked before it is used; stopped at any question and run again, it goes on with what was answered. Settings are for
their owner alone, whole or not there.
"""

import json
import sys
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click
from cryptography import x509

from chassis import whole_file
from cli import application_certificate, registration, registration_steps
from cli.accounts import KINDS, Accounts, authority, guid
from cli.checks.microsoft import of_registration
from cli.checks.table import show
from cli.ending import ending
from cli.exit_code import ExitCode
from cli.place import Place
from cli.registration import Registration
from cli.registration_steps import Wanted
from cli.report import Report
from cli.unusable import Unusable
from gateway.identity.scopes import Consent

URL: Final = "https://localhost:8443"
ANSWERS: Final = "connect.json"
RENEW_BEFORE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Answers:
    """What is known so far; None is still to be asked."""

    url: str | None = None
    accounts: Accounts | None = None
    consent: Consent | None = None
    client_id: str | None = None
    tenant_id: str | None = None
    secret_file: str | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """yes: ask nothing, write over what is there. check: ask Microsoft at the end."""

    yes: bool
    check: bool


def run(var: Path, given: Answers, manner: Manner) -> ExitCode:
    """The exit code: FAILED when a check at the end failed. What was written stays, and can be run again."""
    report = Report()
    return ending(report, lambda: _run(var, given, manner), (click.Abort,))


def _run(var: Path, given: Answers, manner: Manner) -> ExitCode:
    place = Place.make(var / registration.FOLDER)
    answers = _merged(_remembered(place), given)
    _tell("This connects Mail Organiser with Microsoft. Nothing is sent anywhere before the last answer.\n")
    for question in (_url, _accounts, _consent):
        answers = question(answers, manner)
        _remember(place, answers)
    wanted = _wanted(place, answers)
    _show_steps(wanted)
    for question in (_client_id, _tenant_id):
        answers = question(answers, manner)
        _remember(place, answers)
    made = _registration(place, answers)
    _refuse_to_write_over(place, made, manner)
    path = registration.write(place, made)
    registration.read(path)
    _tell(f"\nWritten: {path}")
    return _check(made, manner)


def _url(answers: Answers, manner: Manner) -> Answers:
    asked = answers.url or _asked("Address under which browsers reach it", manner, "--url", URL)
    url = asked.strip().rstrip("/").lower()
    if not registration.URL.fullmatch(url):
        raise Unusable("This address can't be used.", "It must be https://host or https://host:port.", "Use --url.")
    return replace(answers, url=url)


def _accounts(answers: Answers, manner: Manner) -> Answers:
    if answers.accounts is not None:
        return answers
    if not _silent(manner):
        _tell("\nWho may sign in?")
        for accounts, kind in KINDS.items():
            _tell(f"  {accounts.value:<15}{kind.meaning}")
        _tell("Registering needs an Entra directory, also for personal accounts; a free Azure sign-up makes one.")
    chosen = _asked("Accounts", manner, "--accounts", Accounts.ORGANISATION.value, [one.value for one in Accounts])
    return replace(answers, accounts=Accounts(chosen))


def _consent(answers: Answers, manner: Manner) -> Answers:
    if answers.consent is not None:
        return answers
    if not _silent(manner):
        _tell("\nWhen is the permission to move mail asked for?")
        _tell("  at-once        with the first sign-in")
        _tell("  preview-first  before the first move; until then Microsoft itself keeps bodies from us")
    chosen = _asked("Consent", manner, "--consent", Consent.AT_ONCE.value, [one.value for one in Consent])
    return replace(answers, consent=Consent(chosen))


def _client_id(answers: Answers, manner: Manner) -> Answers:
    return replace(answers, client_id=_guid("Application (client) ID", answers.client_id, manner, "--client-id"))


def _tenant_id(answers: Answers, manner: Manner) -> Answers:
    if answers.accounts is not Accounts.ORGANISATION:
        return answers
    return replace(answers, tenant_id=_guid("Directory (tenant) ID", answers.tenant_id, manner, "--tenant-id"))


def _guid(what: str, known: str | None, manner: Manner, option: str) -> str:
    """An id that has the form of one; who types is asked again, a script is refused."""
    text = known
    while True:
        found = guid(text if text is not None else _asked(what, manner, option))
        if found is not None:
            return found
        if text is not None or _silent(manner):
            raise Unusable(f"{what} is not an id.", "It has 32 hex digits in five groups.", f"Correct {option}.")
        _tell("  That is no id: it looks like 11111111-2222-3333-4444-555555555555. Copy it from the Overview page.")


def _asked(what: str, manner: Manner, option: str, default: str | None = None, choices: list[str] | None = None) -> str:
    if _silent(manner):
        if default is not None:
            return default
        raise Unusable(f"{what} is missing.", "Nobody can be asked here.", f"Give it with {option}.")
    kind = click.Choice(choices) if choices else None
    return str(click.prompt(what, default=default, type=kind, err=True))


def _silent(manner: Manner) -> bool:
    return manner.yes or not sys.stdin.isatty()


def _wanted(place: Place, answers: Answers) -> Wanted:
    assert answers.accounts is not None  # noqa: S101  # asked above
    assert answers.consent is not None  # noqa: S101  # the same
    certificate = None if answers.secret_file else _certificate(place)
    callback = f"{answers.url}{registration.CALLBACK}"
    return Wanted(answers.accounts, answers.consent, callback, certificate)


def _certificate(place: Place) -> Path:
    """The .cer to upload: the one that is there while it is good for another month, otherwise a new one."""
    certificate, key = _pair(place)
    if not (key.exists() and certificate.exists() and _is_good(certificate)):
        application_certificate.make(certificate, key, "mail-organiser")
    return certificate


def _pair(place: Place) -> tuple[Path, Path]:
    return place.path("settings", "mail-organiser.cer"), place.path("secrets", "microsoft-key.pem")


def _is_good(certificate: Path) -> bool:
    try:
        loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
    except ValueError:
        return False
    return loaded.not_valid_after_utc - RENEW_BEFORE > datetime.now(UTC)


def _show_steps(wanted: Wanted) -> None:
    _tell("\nRegister it, in the portal:\n")
    for line in registration_steps.portal(wanted):
        _tell(f"  {line}")
    _tell("\nOr with the Azure CLI, after `az login`:\n")
    for line in registration_steps.azure_cli(wanted):
        _tell(f"  {line}")
    _tell("\nThen come back with the two ids.\n")


def _registration(place: Place, answers: Answers) -> Registration:
    assert answers.accounts is not None  # noqa: S101  # asked above
    table: dict[str, object] = {"client_id": answers.client_id}
    table["authority"] = authority(answers.accounts, answers.tenant_id or "")
    if answers.tenant_id:
        table["tenants"] = [answers.tenant_id]
    table["consent"] = (answers.consent or Consent.AT_ONCE).value
    if answers.secret_file:
        table["client_secret_file"] = str(Path(answers.secret_file).resolve())
    else:
        certificate, key = _pair(place)
        table |= {"certificate_file": str(certificate), "private_key_file": str(key)}
    return Registration(answers.url or URL, table)


def _refuse_to_write_over(place: Place, made: Registration, manner: Manner) -> None:
    path = place.path("settings", registration.FILE)
    if not path.exists() or manner.yes:
        return
    try:
        if registration.read(path) == made:
            return
    except Exception:  # noqa: BLE001  # whatever is wrong with it, it is somebody's, and is asked about
        _tell("There are settings already, and they can't be read.")
    if _silent(manner) or not click.confirm(f"{path} says something else. Write over it?", default=False, err=True):
        raise Unusable("Nothing was written.", f"{path} says something else.", "Answer yes, or use --yes.")


def _check(made: Registration, manner: Manner) -> ExitCode:
    if manner.check:
        _tell("\nAsking Microsoft what can be asked without a person:\n")
        found = of_registration(made)
        show(found)
        if any(one.failed for one in found):
            _tell("\nMend what failed, then run this again or `mail-organiser doctor`.")
            return ExitCode.FAILED
    _tell("\nNext: `mail-organiser up --microsoft`, and `mail-organiser doctor` whenever something is odd.")
    return ExitCode.DONE


def _merged(before: Answers, given: Answers) -> Answers:
    return replace(before, **{name: value for name, value in asdict(given).items() if value is not None})


def _remembered(place: Place) -> Answers:
    path = place.path("settings", ANSWERS)
    try:
        found = json.loads(path.read_bytes())
        accounts, consent = found.pop("accounts"), found.pop("consent")
        return Answers(
            accounts=Accounts(accounts) if accounts else None, consent=Consent(consent) if consent else None, **found
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Answers()


def _remember(place: Place, answers: Answers) -> None:
    whole_file.write(place.path("settings", ANSWERS), json.dumps(asdict(answers)).encode(), mode=0o600)


def _tell(text: str) -> None:
    """Stderr: stdout is for data."""
    click.echo(text, err=True)
