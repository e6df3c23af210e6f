"""`mail-organiser up`: from nothing to a sorted mailbox.

Walks the real doors: signs in, asks the API, shows what it says.
"""

import json
import os
import ssl
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from hashlib import sha256
from itertools import islice
from pathlib import Path

import httpx
from rich.console import Console

from cli import interrupt, key_file, preview, registration
from cli.child import Child, ChildFailed, stop_all
from cli.ending import ending
from cli.exit_code import ExitCode
from cli.gateway_client import Folder, GatewayClient, GatewayRefused
from cli.gateway_client import Progress as ScanProgress
from cli.house import House, Ports, is_free
from cli.place import Place
from cli.report import Report, sorted_in
from cli.sign_in import SignedIn, SignInFailed, signed_in
from cli.unusable import Unusable
from sandbox import seeds

PORT = 8443  # unless another is wanted, or this one is taken
READY_SECONDS = 180.0  # from start to ready; loading a mailbox of 100,000 messages takes most of it
POLL_SECONDS = 0.1
WATCH_SECONDS = 1.0
RENEW_SECONDS = 3600.0
TIMEOUT = 60.0  # of one request
ROWS = 400  # messages in the terminal's table; all are in the API
WIDTH = 120  # columns when stdout is no terminal and COLUMNS doesn't say
MAX_FOLDERS = 200  # that mail may be filed in; as gateway.organise.folders
NEWEST = 1000  # filed messages of a folder that are learned from; as gateway.organise.learn


def run_microsoft(var: Path) -> ExitCode:
    """Runs on the application that `connect` registered, until Ctrl-C. The exit code."""
    report = Report()
    return ending(report, lambda: _run_microsoft(report, var), (httpx.HTTPError,))


def _run_microsoft(report: Report, var: Path) -> ExitCode:
    path = registration.file_in(var)
    if not path.exists():
        raise Unusable(
            "No Microsoft application is connected yet.",
            f"{path} is not there.",
            "Run `mail-organiser connect` first: it says step by step how one is registered.",
        )
    registered = registration.read(path)
    with ExitStack() as stack:
        try:
            place = Place.make(var / registration.FOLDER)
            lock = place.lock()
            stack.callback(os.close, lock)
            # The address is registered with Microsoft: on any other port nobody would come back from there.
            house = House(place, _ports(report, registered.port), "", (lock,), registered)
            children = _start(stack, house)
            http = stack.enter_context(_client(house))
            _wait_until_ready(http, house, children, report)
            sys.stdout.write(f"{house.url}\n")
            sys.stdout.flush()
            report.say(f"Ready; Ctrl-C ends it. Browsers ask until they trust {house.authority}")
            return _keep_up(house, children, report)
        finally:
            interrupt.no_more()


def run(mailbox: Path | None, *, port: int | None, var: Path, check: bool, key: Path | None = None) -> ExitCode:
    """The exit code. Everything that was started is ended. key: file of an API key to come in with."""
    report = Report()
    expected = (GatewayRefused, SignInFailed, httpx.HTTPError)
    return ending(report, lambda: _run(report, mailbox, port, var, check=check, key=key), expected)


def _run(  # noqa: PLR0913  # what the command was given
    report: Report, mailbox: Path | None, port: int | None, var: Path, *, check: bool, key: Path | None
) -> ExitCode:
    began = time.monotonic()
    if key is not None:
        key_file.read(key)  # refuses at once what would only be refused after everything has started
    if mailbox is not None:
        seeds.read(mailbox)  # refuses at once what the sandbox could only refuse later
    with ExitStack() as stack:
        try:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mail-organiser-"))) if check else var
            house = _house(stack, report, root, mailbox, port)
            return _sort(stack, house, report, began=began, check=check, key=key)
        finally:
            interrupt.no_more()


def _house(stack: ExitStack, report: Report, root: Path, mailbox: Path | None, port: int | None) -> House:
    place = Place.make(root / _name(mailbox))
    lock = place.lock()
    stack.callback(os.close, lock)
    return House(place, _ports(report, port), "sample" if mailbox is None else str(mailbox.resolve()), (lock,))


def _ports(report: Report, port: int | None) -> Ports:
    """The wanted port or none; without a wish, PORT or any."""
    if port is not None and not is_free(port):
        raise Unusable(
            f"Port {port} is taken.",
            "Another program listens there.",
            "End that program, or choose with --port (0 for any free one).",
        )
    chosen = Ports.choose(PORT if port is None else port)
    if port is None and chosen.gateway != PORT:
        report.say(f"Port {PORT} is taken by another program; using {chosen.gateway}")
    return chosen


def _sort(  # noqa: PLR0913  # as above
    stack: ExitStack, house: House, report: Report, *, began: float, check: bool, key: Path | None
) -> ExitCode:
    children = _start(stack, house)
    http = stack.enter_context(_client(house))
    _wait_until_ready(http, house, children, report)
    client = GatewayClient(http, lambda: _come_in(http, house, key))
    scan = _scan(client, report, _choose_folders(client, report), children)
    sums = client.counts(scan)
    _show(client, scan, sums)
    seconds = round(time.monotonic() - began, 1)
    if check:
        sys.stdout.write(json.dumps({**sums, "seconds": seconds, "url": house.url}) + "\n")
        sys.stdout.flush()
        return ExitCode.DONE
    sys.stdout.write(f"\n{house.url}\n")
    sys.stdout.flush()
    report.say(f"Ready in {seconds} s; Ctrl-C ends it. Browsers ask until they trust {house.authority}")
    return _keep_up(house, children, report)


def _come_in(http: httpx.Client, house: House, key: Path | None) -> SignedIn:
    return signed_in(http, house.url) if key is None else key_file.signed_in(http, house.url, key)


def _start(stack: ExitStack, house: House) -> list[Child]:
    """The gateway first, which takes longest. It is also the first to be ended, while the others can still answer."""
    house.renew()
    children: list[Child] = []
    for part in (reversed(house.mailbox()), house.engines()):
        for child in part:
            stack.callback(child.stop)
            child.start()
            children.append(child)
    stack.callback(stop_all, children)
    return children


def _wait_until_ready(http: httpx.Client, house: House, children: Sequence[Child], report: Report) -> None:
    began = time.monotonic()
    with report.doing(f"Starting {', '.join(child.name for child in children)}") as doing:
        while missing := _missing(http, house):
            _watch(children, report)
            if time.monotonic() - began > READY_SECONDS:
                logs = children[0].log.parent
                raise ChildFailed(
                    f"{' and '.join(missing)} not ready after {READY_SECONDS:.0f} s; the logs are in {logs}"
                )
            doing(f"Starting: waiting for {', '.join(missing)} ({time.monotonic() - began:.0f} s)")
            time.sleep(POLL_SECONDS)


def _missing(http: httpx.Client, house: House) -> list[str]:
    """Who does not answer well yet. The sandbox answers once the whole mailbox is in it."""
    try:
        parts = http.get("/readyz").json()["parts"]
    except (httpx.TransportError, ValueError, KeyError):
        return ["gateway"]
    if house.is_sandbox:
        parts["sandbox"] = _sandbox_answers(http, house)
    return [name for name, well in parts.items() if not well]


def _sandbox_answers(http: httpx.Client, house: House) -> bool:
    try:
        return http.get(house.microsoft).is_success
    except httpx.TransportError:
        return False


def _watch(children: Sequence[Child], report: Report) -> None:
    for child in children:
        if child.watch():
            report.say(f"{child.name} had ended and was started again", "yellow")


def _choose_folders(client: GatewayClient, report: Report) -> list[Folder]:
    """Every folder that the owner made and filed mail in; the fullest, if there are more than may be chosen."""
    own = [folder for folder in client.folders() if folder.well_known is None and folder.total]
    own.sort(key=lambda folder: -folder.total)
    if len(own) > MAX_FOLDERS:
        report.say(f"{len(own)} folders hold mail; only the {MAX_FOLDERS} fullest are used")
    for folder in own[:MAX_FOLDERS]:
        client.choose(folder)
    return own[:MAX_FOLDERS]


def _scan(client: GatewayClient, report: Report, folders: Sequence[Folder], children: Sequence[Child]) -> str:
    began, last = time.monotonic(), ScanProgress.none()
    with report.bars() as bars:
        filed = sum(min(folder.total, NEWEST) for folder in folders)
        learning = bars.add_task(f"Learning from {len(folders)} folders", total=filed)
        sorting = bars.add_task("Sorting the inbox", total=None, start=False)

        def heard(progress: ScanProgress | None) -> None:
            nonlocal last
            _watch(children, report)
            if progress is None:
                return
            bars.update(learning, completed=progress.learned)
            if progress.done and not last.done:
                bars.stop_task(learning)
                bars.start_task(sorting)
            bars.update(sorting, completed=progress.done, total=progress.total or None)
            last = progress

        scan = client.scan(heard)
    report.say(sorted_in(last.learned, len(folders), last.done, time.monotonic() - began))
    return scan


def _show(client: GatewayClient, scan: str, sums: dict[str, int]) -> None:
    console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH, highlight=False)
    held = list(islice(client.decisions(scan, "hold"), preview.MOST_EVIDENCE)) if sums["held"] else []
    preview.show(console, islice(client.decisions(scan), ROWS), held, sums)


def _keep_up(house: House, children: Sequence[Child], report: Report) -> ExitCode:
    """Watches until Ctrl-C or SIGTERM; certificates are renewed in time."""
    renewed = time.monotonic()
    try:
        while True:
            time.sleep(WATCH_SECONDS)
            _watch(children, report)
            if time.monotonic() - renewed > RENEW_SECONDS:
                house.renew()
                renewed = time.monotonic()
    except KeyboardInterrupt:
        report.say("Ending")
        return ExitCode.DONE


def _client(house: House) -> httpx.Client:
    """Trusts this house's authority and nobody else; takes nothing from the environment."""
    context = ssl.create_default_context(cafile=str(house.authority))
    return httpx.Client(base_url=house.url, verify=context, trust_env=False, timeout=TIMEOUT)


def _name(mailbox: Path | None) -> str:
    """Each mailbox has a folder of its own: what was learned from one is nothing to another."""
    return "sample" if mailbox is None else sha256(str(mailbox.resolve()).encode()).hexdigest()[:16]
