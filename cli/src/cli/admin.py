"""`mail-organiser admin`: what an operator does on the host, on the same database, beside a running gateway."""

from pathlib import Path

from sqlalchemy import Engine

from chassis import settings
from cli.ending import ending
from cli.exit_code import ExitCode
from cli.report import Report
from cli.unusable import Unusable
from gateway import offline
from gateway.audit.trail import Trail
from gateway.identity.revocation import Revoked, revoke
from gateway.settings import GatewaySettings
from gateway.store import clock
from gateway.store import engine as store
from gateway.store.errors import RowAbsent, StoreError


def run_revoke(file: Path, person_id: str) -> ExitCode:
    """The exit code. file: the gateway's settings, which name the database."""
    report = Report()
    return ending(report, lambda: _revoke(report, file, person_id), (StoreError,))


def _revoke(report: Report, file: Path, person_id: str) -> ExitCode:
    configured = settings.load(GatewaySettings, file)
    if not configured.database.exists():
        raise Unusable("There is no database.", f"{configured.database} is not there.", "Correct --settings.")
    engine = store.open(configured.database)
    try:
        ended = _revoked(engine, offline.trail(configured, offline.open_keyring(configured)), person_id)
    finally:
        engine.dispose()
    report.say(
        f"Ended {ended.entries} sessions and API keys, and destroyed the Microsoft tokens of "
        f"{ended.mailboxes} mailboxes. Running gateways follow within 5 seconds.\n"
        "The person may sign in again; to keep them out, block them in Entra or narrow microsoft.tenants."
    )
    return ExitCode.DONE


def _revoked(engine: Engine, audit: Trail, person_id: str) -> Revoked:
    try:
        with engine.begin() as connection:
            return revoke(connection, audit, person_id, now=clock.now())
    except RowAbsent:
        raise Unusable(
            "There is no such person.", "No person of this database has this id.", "It is the per_... of the log."
        ) from None
