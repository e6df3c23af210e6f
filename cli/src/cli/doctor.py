"""`mail-organiser doctor`: everything that can be checked, before the first start and beside a running one.

Changes nothing. Exit code 1 when something fails; what will be a problem and what can't be looked at fails nothing.
"""

import ssl
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import httpx

import classifier.settings
import sentinel.settings
from chassis import settings
from chassis.errors import StartRefused
from cli import registration
from cli.checks import database, keys, machine, microsoft, provider, table
from cli.checks.found import Found, ok, refusal, refused_start, unknown
from cli.ending import ending
from cli.exit_code import ExitCode
from cli.inventory import inventory
from cli.report import Report
from cli.unusable import Unusable
from gateway.settings import GatewaySettings

TIMEOUT: Final = 3.0
Format = Literal["table", "json"]


def run(var: Path, gateway: Path | None, form: Format) -> ExitCode:
    """The exit code. gateway: its settings file; without one, what lies in var is looked at."""
    return ending(Report(), lambda: _run(var, gateway, form), ())


def _run(var: Path, gateway: Path | None, form: Format) -> ExitCode:
    if gateway is not None and not gateway.exists():
        raise Unusable(f"{gateway} is not there.", "Nothing can be looked at.", "Correct --settings.")
    found = [machine.python(), machine.packages(), *_settings(gateway or _newest(var), var)]
    if form == "json":
        sys.stdout.write(table.as_json(found) + "\n")
    else:
        table.show(found, to_stdout=True)
    return ExitCode.FAILED if any(one.failed for one in found) else ExitCode.DONE


def _newest(var: Path) -> Path | None:
    """The gateway's settings of Microsoft's place if there is one, otherwise those written last."""
    real = registration.file_in(var).with_name("gateway.toml")
    if real.exists():
        return real
    found = sorted(var.glob("*/settings/gateway.toml"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


def _settings(path: Path | None, var: Path) -> Iterator[Found]:
    connected = registration.file_in(var)
    if path is None:
        yield unknown("Settings", "none yet: `make run` or `mail-organiser connect` writes them")
        yield database.disk(var / "data")
        if connected.exists():
            yield from _registered(connected)
        return
    try:
        configured = settings.load(GatewaySettings, path)
    except StartRefused as refused:
        yield refused_start("Settings", refused)
        return
    yield ok("Settings", str(path))
    yield from _peers(path.parent)
    yield from _gateway(configured)
    now = datetime.now(UTC)
    yield from keys.dates(lambda: inventory.taken(path, now), now)


def _registered(path: Path) -> Iterator[Found]:
    """Connected and never started: what is known of Microsoft already."""
    try:
        registered = registration.read(path)
    except StartRefused as refused:
        yield refused_start("Registration", refused)
        return
    yield ok("Registration", str(path))
    yield from microsoft.of_registration(registered)


def _gateway(configured: GatewaySettings) -> Iterator[Found]:
    now = datetime.now(UTC)
    yield machine.port(configured.host, configured.port, ours=_answers(configured))
    yield from keys.folders(configured)
    yield keys.keyring(configured)
    yield from keys.certificates(configured, now)
    yield from database.all_of(configured.database)
    yield keys.application(configured.microsoft, now)
    yield from microsoft.of_settings(configured.microsoft, configured.graph.url, configured.graph.authority)


def _peers(folder: Path) -> Iterator[Found]:
    """Sentinel's and classifier's settings, where they lie beside the gateway's."""
    other, ours = folder / "classifier.toml", folder / "sentinel.toml"
    if ours.exists():
        yield refusal("Sentinel's settings", lambda: _loads(ours, sentinel.settings.SentinelSettings))
    if other.exists():
        yield refusal("Classifier's settings", lambda: _loads(other, classifier.settings.Settings))
        yield refusal(provider.NAME, lambda: provider.reachable(settings.load(classifier.settings.Settings, other)))


def _loads(path: Path, model: type[settings.Settings]) -> Found:
    settings.load(model, path)
    return ok(f"{path.stem.title()}'s settings", str(path))


def _answers(configured: GatewaySettings) -> bool:
    """Whether our gateway is what listens on its port."""
    try:
        context = ssl.create_default_context(cafile=str(configured.edge_tls.authority))
        url = f"{configured.public_url}/healthz"
        answer: object = httpx.get(url, verify=context, trust_env=False, timeout=TIMEOUT).json()
    except (httpx.HTTPError, OSError, ValueError):
        return False
    return answer == {"status": "alive"}
