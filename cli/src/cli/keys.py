"""`mail-organiser admin keys`: what there is of keys and certificates, and what is due. Changes nothing."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from cli.ending import ending
from cli.exit_code import ExitCode
from cli.inventory import inventory, shown
from cli.report import Report

WIDTH = 200  # columns when stdout is no terminal


def run(file: Path, form: str) -> ExitCode:
    """The exit code. file: the gateway's settings."""
    return ending(Report(), lambda: _run(file, form), ())


def _run(file: Path, form: str) -> ExitCode:
    now = datetime.now(UTC)
    rows = inventory.taken(file, now)
    if form == "json":
        sys.stdout.write(shown.as_json(rows, now) + "\n")
    else:
        width = None if sys.stdout.isatty() else WIDTH
        shown.table(rows, now, Console(file=sys.stdout, highlight=False, width=width))
    return ExitCode.DONE
