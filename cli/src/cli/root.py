"""`mail-organiser admin root`: another root key in the place of the one that is, beside running gateways."""

from collections.abc import Callable
from pathlib import Path

from chassis.errors import ServiceError
from cli.admin import configured
from cli.ending import ending
from cli.exit_code import ExitCode
from cli.report import Report
from gateway.admin import root
from gateway.settings import GatewaySettings
from gateway.vault.errors import VaultError


def run_replace(file: Path) -> ExitCode:
    """The exit code. file: the gateway's settings, which name the new root and the former one."""

    def replace(settings: GatewaySettings) -> str:
        done = "Sealed the keys under the new root." if root.replace(settings) else "The keys are under the new root."
        return f"{done} When every gateway runs with these settings, run: mail-organiser admin root forget"

    return _run(file, replace)


def run_forget(file: Path) -> ExitCode:
    """The same."""

    def forget(settings: GatewaySettings) -> str:
        root.forget(settings)
        return (
            "Destroyed the former root. Take it out of the settings; backups of the keys file from before open no more."
        )

    return _run(file, forget)


def _run(file: Path, act: Callable[[GatewaySettings], str]) -> ExitCode:
    report = Report()

    def work() -> ExitCode:
        report.say(act(configured(file)))
        return ExitCode.DONE

    return ending(report, work, (VaultError, ServiceError))
