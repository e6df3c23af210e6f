"""`mail-organiser up`: from nothing to a sorted mailbox.

Walks the real doors: signs in, asks the API, shows what it says.
"""

import json
import signal
import ssl
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from types import FrameType

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli import preview
from cli.child import Child, ChildFailed
from cli.gateway_client import GatewayClient, GatewayRefused
from cli.gateway_client import Progress as ScanProgress
from cli.house import House, Ports
from cli.place import Place
from cli.sign_in import SignInFailed, sign_in

READY_SECONDS = 180.0  # from start to ready; loading a mailbox of 100,000 messages takes most of it
WATCH_SECONDS = 1.0
RENEW_SECONDS = 3600.0
TIMEOUT = 60.0  # of one request
ROWS = 400  # messages in the terminal's table; all are in the API
WIDTH = 150  # columns when stdout is no terminal
OK, FAILED = 0, 1


def run(mailbox: Path | None, *, port: int, var: Path, check: bool) -> int:
    """The exit code. Everything that was started is ended."""
    began = time.monotonic()
    progress = Console(stderr=True)
    try:
        with _stoppable(), ExitStack() as stack:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mail-organiser-"))) if check else var
            place = Place.make(root / _name(mailbox))
            house = House(place, Ports.choose(port), "sample" if mailbox is None else str(mailbox.resolve()))
            return _sort(stack, house, progress, began=began, check=check)
    except (ChildFailed, GatewayRefused, SignInFailed, httpx.HTTPError) as error:
        progress.print(f"mail-organiser: {error}", style="red", markup=False)
        return FAILED
    except KeyboardInterrupt:
        return OK


def _sort(stack: ExitStack, house: House, progress: Console, *, began: float, check: bool) -> int:
    children = _start(stack, house)
    http = stack.enter_context(_client(house))
    with progress.status("Starting sandbox, sentinel, classifier and gateway"):
        _wait_until_ready(http, children)
    signed_in = sign_in(http, house.url)
    client = GatewayClient(http, str(signed_in["access_token"]), _first(signed_in["mailboxes"]))
    chosen = _choose_folders(client)
    scan = _scan(client, progress, len(chosen))
    _show(client, scan)
    seconds = round(time.monotonic() - began, 1)
    if check:
        sys.stdout.write(json.dumps({**client.counts(scan), "seconds": seconds, "url": house.url}) + "\n")
        return OK
    sys.stdout.write(f"\nready in {seconds} s. Ctrl-C ends it. Trust {house.authority}\n{house.url}\n")
    sys.stdout.flush()
    return _keep_up(house, children, progress)


def _start(stack: ExitStack, house: House) -> list[Child]:
    house.renew()
    children = [*house.engines(), *house.mailbox()]
    for child in children:
        child.start()
        stack.callback(child.stop)
    return children


def _wait_until_ready(http: httpx.Client, children: Sequence[Child]) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        for child in children:
            child.watch()
        try:
            if http.get("/readyz").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass  # not listening yet
        time.sleep(0.1)
    raise ChildFailed(f"not ready after {READY_SECONDS:.0f} s; the logs are in {children[0].log.parent}")


def _choose_folders(client: GatewayClient) -> list[str]:
    """Every folder that the owner made and filed mail in."""
    own = [folder for folder in client.folders() if folder.well_known is None and folder.total]
    for folder in own:
        client.choose(folder)
    return [folder.name for folder in own]


def _scan(client: GatewayClient, console: Console, folders: int) -> str:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(f"Learning from {folders} folders", total=None)

        def heard(progress: ScanProgress) -> None:
            doing = (
                f"Sorting (learned from {progress.learned} filed)" if progress.done else "Learning from your folders"
            )
            bar.update(task, description=doing, total=progress.total or None, completed=progress.done)

        return client.scan(heard)


def _show(client: GatewayClient, scan: str) -> None:
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    sums = client.counts(scan)
    messages = [message for _, message in zip(range(ROWS), client.decisions(scan), strict=False)]
    held = [message for message in client.decisions(scan, "hold") if message not in messages]
    preview.show(console, [*messages, *held], sums)


def _keep_up(house: House, children: Sequence[Child], console: Console) -> int:
    """Watches until Ctrl-C; certificates are renewed in time."""
    renewed = time.monotonic()
    while True:
        time.sleep(WATCH_SECONDS)
        for child in children:
            if child.watch():
                console.print(f"{child.name} had ended and was started again", style="yellow")
        if time.monotonic() - renewed > RENEW_SECONDS:
            house.renew()
            renewed = time.monotonic()


def _client(house: House) -> httpx.Client:
    """Trusts this house's authority and nobody else; takes nothing from the environment."""
    context = ssl.create_default_context(cafile=str(house.authority))
    return httpx.Client(base_url=house.url, verify=context, trust_env=False, timeout=TIMEOUT)


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does: in good order."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _name(mailbox: Path | None) -> str:
    """Each mailbox has a folder of its own: what was learned from one is nothing to another."""
    return "sample" if mailbox is None else sha256(str(mailbox.resolve()).encode()).hexdigest()[:16]


def _first(mailboxes: object) -> str:
    if not isinstance(mailboxes, list) or not mailboxes:
        raise SignInFailed("signed in, but no mailbox came with it")
    return str(mailboxes[0])
