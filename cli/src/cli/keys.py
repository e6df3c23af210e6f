"""`mail-organiser admin keys` and `admin rotate`: what there is of keys and certificates, and a new one of a kind."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from chassis.errors import ServiceError
from cli.admin import configured
from cli.ending import ending
from cli.exit_code import ExitCode
from cli.inventory import inventory, shown
from cli.report import Report
from gateway.admin import rotation
from gateway.vault.errors import VaultError
from gateway.vault.keyring import Purpose

WIDTH = 200  # columns when stdout is no terminal


def run(file: Path, form: str) -> ExitCode:
    """The exit code. file: the gateway's settings."""
    return ending(Report(), lambda: _run(file, form), ())


def run_rotate(file: Path, purpose: str) -> ExitCode:
    """The same. purpose: one of gateway.admin.rotation.PURPOSES."""
    report = Report()

    def rotate() -> ExitCode:
        made = rotation.rotate(configured(file), Purpose(purpose))
        report.say(f"Made {made.id}. Running gateways take it up within 5 seconds; cursor and rate_limit at a restart.")
        return ExitCode.DONE

    return ending(report, rotate, (VaultError, ServiceError))


def _run(file: Path, form: str) -> ExitCode:
    now = datetime.now(UTC)
    rows = inventory.taken(file, now)
    if form == "json":
        sys.stdout.write(shown.as_json(rows, now) + "\n")
    else:
        width = None if sys.stdout.isatty() else WIDTH
        shown.table(rows, now, Console(file=sys.stdout, highlight=False, width=width))
    return ExitCode.DONE
