"""`mail-organiser admin`: what an operator does on the host, on the same database, beside a running gateway."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from chassis import settings
from cli.ending import ending
from cli.exit_code import ExitCode
from cli.report import Report
from cli.unusable import Unusable
from gateway import deployment
from gateway.admin.person import look_up
from gateway.audit.trail import Trail
from gateway.identity.revocation import revoke
from gateway.organise import plan, quota
from gateway.settings import GatewaySettings
from gateway.store import clock
from gateway.store import engine as store
from gateway.store.errors import RowAbsent, StoreError
from gateway.vault.vault import Vault

T = TypeVar("T")


def run_revoke(file: Path, person_id: str) -> ExitCode:
    """The exit code. file: the gateway's settings, which name the database."""
    report = Report()
    return ending(report, lambda: _revoke(report, file, person_id), (StoreError,))


def run_plan(file: Path, person_id: str, name: str) -> ExitCode:
    """The same. name: of the plan that the person has from now on."""
    report = Report()
    return ending(report, lambda: _plan(report, file, person_id, name), (StoreError,))


def run_person(file: Path, tenant_id: str, object_id: str) -> ExitCode:
    """The same. tenant_id, object_id: Entra's, of an account."""
    report = Report()
    return ending(report, lambda: _person(file, tenant_id, object_id), (StoreError,))


def _person(file: Path, tenant_id: str, object_id: str) -> ExitCode:
    given = configured(file)
    vault = Vault(deployment.open_keyring(given), given.deployment)
    found = _done(given, lambda connection, audit: look_up(connection, vault, audit, tenant_id, object_id))
    if found is None:
        raise Unusable(
            "Nobody here signs in with this account.",
            "No person was made by a sign-in of this object of this tenant, or they were erased.",
            "Both ids are in Entra: the tenant's overview, and the user's Object ID.",
        )
    sys.stdout.write(f"{found}\n")
    return ExitCode.DONE


def _revoke(report: Report, file: Path, person_id: str) -> ExitCode:
    ended = _done(configured(file), lambda connection, audit: revoke(connection, audit, person_id, now=clock.now()))
    report.say(
        f"Ended {ended.entries} sessions and API keys, and destroyed the Microsoft tokens of "
        f"{ended.mailboxes} mailboxes. Running gateways follow within 5 seconds.\n"
        "The person may sign in again; to keep them out, block them in Entra or narrow microsoft.tenants."
    )
    return ExitCode.DONE


def _plan(report: Report, file: Path, person_id: str, name: str) -> ExitCode:
    given = configured(file)
    plans = plan.load(given.plans, given.plan)
    if name not in plans.by_name:
        known = ", ".join(sorted(plans.by_name))
        raise Unusable("There is no such plan.", f"The plans in use are {known}.", "Name one of these.")
    _done(given, lambda connection, audit: quota.give(connection, audit, person_id, name, now=clock.now()))
    report.say(f"The person has the plan {name} from now on; what was used this month counts.")
    return ExitCode.DONE


def configured(file: Path) -> GatewaySettings:
    """The gateway's settings, with a database where they say. Raises Unusable, StartRefused."""
    found = settings.load(GatewaySettings, file)
    if not found.database.exists():
        raise Unusable("There is no database.", f"{found.database} is not there.", "Correct --settings.")
    return found


def _done(given: GatewaySettings, act: Callable[[Connection, Trail], T]) -> T:
    audit = deployment.trail(given, deployment.open_keyring(given))
    engine = store.open(given.database)
    try:
        with engine.begin() as connection:
            return act(connection, audit)
    except RowAbsent:
        raise Unusable(
            "There is no such person.", "Nobody here has this id.", "`mail-organiser admin person` finds the id."
        ) from None
    finally:
        engine.dispose()
