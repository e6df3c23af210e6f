"""`mail-organiser audit` and `mail-organiser retention`: an operator's view of what a gateway recorded and keeps."""

import fcntl
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from chassis.errors import ServiceError, StartRefused
from cli import interrupt
from cli.exit_code import ExitCode
from cli.shipment import Shipment
from cli.unusable import Unusable
from gateway import deployment
from gateway.audit import checkpoint
from gateway.audit.checkpoint import CheckpointRefused
from gateway.audit.event import Log
from gateway.audit.verification import Report
from gateway.deployment import Deployment
from gateway.rights import receipt
from gateway.rights.receipt import MailboxReceipt, Receipt, ReceiptRefused
from gateway.store import audit as rows
from gateway.store import clock
from gateway.store.audit import Entry, Head
from gateway.store.engine import reading

PAGE = 1000  # events read at a time
LOOK_SECONDS = 1.0  # between two looks for new events


def verify(settings: Path, since: datetime | None, checkpoints: Path | None) -> ExitCode:
    """Both chains; the first number that is wrong, and how."""

    def run(deployment: Deployment) -> ExitCode:
        noted = {} if checkpoints is None else _noted(deployment, checkpoints)
        moment = None if since is None else round(since.timestamp() * clock.SECOND)
        with reading(deployment.engine) as connection:
            reports = {
                log: deployment.verifier.verify(connection, log, since=moment, noted=noted.get(log)) for log in Log
            }
        for log, report in reports.items():
            sys.stdout.write(_said(log, report) + "\n")
        return ExitCode.FAILED if any(report.broken for report in reports.values()) else ExitCode.DONE

    return _in(settings, run)


def export(settings: Path) -> ExitCode:
    """Both chains as JSON lines, as they are now."""

    def run(deployment: Deployment) -> ExitCode:
        for log in Log:
            for entry in _entries(deployment, log):
                sys.stdout.write(json.dumps(_line(entry)) + "\n")
        return ExitCode.DONE

    return _in(settings, run)


def ship(settings: Path, to: Path, *, follow: bool) -> ExitCode:
    """Whatever is not shipped yet, into files of this folder; with `follow` until it is told to stop."""

    def run(opened: Deployment) -> ExitCode:
        with _held(to), interrupt.in_good_order(), suppress(KeyboardInterrupt):
            shipments = {log: Shipment(to, log) for log in Log}
            while True:
                for log, shipment in shipments.items():
                    _catch_up(opened, log, shipment)
                if not follow:
                    break
                time.sleep(LOOK_SECONDS)
        return ExitCode.DONE

    return _in(settings, run)


def note(settings: Path) -> ExitCode:
    """A signed checkpoint of each chain."""

    def run(deployment: Deployment) -> ExitCode:
        for log in Log:
            with reading(deployment.engine) as connection:
                head = rows.head(connection, log)
            if head is None:
                sys.stderr.write(f"The {log} log has lost its head. Run: mail-organiser audit verify\n")
                return ExitCode.FAILED
            sys.stdout.write(
                checkpoint.written(checkpoint.take(deployment.attestation, head, now=clock.now())).decode()
            )
        return ExitCode.DONE

    return _in(settings, run)


def check_receipt(settings: Path, document: Path) -> ExitCode:
    """Whether a receipt, of an erasure or of one mailbox's end, is ours."""

    def run(deployment: Deployment) -> ExitCode:
        try:
            found = receipt.read(deployment.attestation, document.read_bytes())
        except ReceiptRefused as refused:
            sys.stdout.write(f"refused: {refused}\n")
            return ExitCode.FAILED
        sys.stdout.write(f"good: {_told(found)}\n")
        return ExitCode.DONE

    return _in(settings, run)


def _told(found: Receipt | MailboxReceipt) -> str:
    if isinstance(found, MailboxReceipt):
        return f"{found.mailbox_id} of {found.person_id} gone since {found.gone_at}"
    return f"{found.person_id} unreadable since {found.unreadable_at}, irrecoverable from {found.irrecoverable_at}"


def retain(settings: Path, *, dry_run: bool) -> ExitCode:
    """Rows that were deleted, or would be, table by table."""

    def run(deployment: Deployment) -> ExitCode:
        retention = deployment.retention
        counts = retention.due() if dry_run else retention.run()
        for table, count in sorted(counts.items()):
            sys.stdout.write(f"{table}\t{count}\n")
        return ExitCode.DONE

    return _in(settings, run)


def _in(settings: Path, run: Callable[[Deployment], ExitCode]) -> ExitCode:
    try:
        with deployment.opened(settings) as opened:
            return run(opened)
    except (StartRefused, Unusable) as refused:
        sys.stderr.write(f"{refused}\n")
        return ExitCode.USAGE
    except ServiceError as failed:
        sys.stderr.write(f"{failed.detail}\n")
        return ExitCode.FAILED


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """The folder, made when absent, for this process alone: two would ship everything twice."""
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        lock = (folder / ".lock").open("ab")
    except OSError:
        raise Unusable(f"{folder} can't be written.", "Nothing was shipped.", "Correct --to.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unusable(f"{folder} is in use.", "Another process ships into it.", "End it first.") from None
        yield


def _catch_up(opened: Deployment, log: Log, shipment: Shipment) -> None:
    while page := _page(opened, log, shipment.last):
        if shipment.last and page[0].seq > shipment.last + 1:
            sys.stderr.write(
                f"{log}: {shipment.last + 1} to {page[0].seq - 1} were deleted before they were shipped.\n"
            )
        shipment.append([_line(entry) for entry in page])


def _page(opened: Deployment, log: Log, after: int) -> list[Entry]:
    with reading(opened.engine) as connection:
        return rows.after(connection, log, after, limit=PAGE)


def _noted(deployment: Deployment, path: Path) -> dict[Log, Head]:
    """What a file of checkpoints says, one a line; the furthest of each chain counts."""
    noted: dict[Log, Head] = {}
    try:
        heads = [checkpoint.read(deployment.attestation, line) for line in path.read_bytes().splitlines() if line]
    except (OSError, CheckpointRefused) as refused:
        raise Unusable(f"{path} can't be used.", f"{refused}.", "Give a file that audit checkpoint wrote.") from None
    for head in sorted(heads, key=lambda head: head.seq):
        noted[Log(head.log)] = head
    return noted


def _said(log: Log, report: Report) -> str:
    if report.broken is None:
        return f"{log}: good, {report.checked} events up to {report.last.seq}"
    return f"{log}: broken at {report.broken.seq}: {report.broken.fault}"


def _entries(opened: Deployment, log: Log) -> Iterator[Entry]:
    after = 0
    while page := _page(opened, log, after):
        yield from page
        after = page[-1].seq


def _line(entry: Entry) -> dict[str, object]:
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in entry._asdict().items()}
