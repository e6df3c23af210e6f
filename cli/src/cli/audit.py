"""`mail-organiser audit` and `mail-organiser retention`: an operator's view of what a gateway recorded and keeps."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from chassis.errors import ServiceError, StartRefused
from cli.exit_code import ExitCode
from cli.unusable import Unusable
from gateway import offline
from gateway.audit import checkpoint
from gateway.audit.checkpoint import CheckpointRefused
from gateway.audit.event import Log
from gateway.audit.verification import Report
from gateway.offline import Deployment
from gateway.rights import receipt
from gateway.rights.receipt import MailboxReceipt, Receipt, ReceiptRefused
from gateway.store import audit as rows
from gateway.store import clock
from gateway.store.audit import Entry, Head
from gateway.store.engine import reading

PAGE = 1000  # events read at a time


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
        with offline.opened(settings) as deployment:
            return run(deployment)
    except (StartRefused, Unusable) as refused:
        sys.stderr.write(f"{refused}\n")
        return ExitCode.USAGE
    except ServiceError as failed:
        sys.stderr.write(f"{failed.detail}\n")
        return ExitCode.FAILED


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


def _entries(deployment: Deployment, log: Log) -> Iterator[Entry]:
    after = 0
    while True:
        with reading(deployment.engine) as connection:
            page = rows.after(connection, log, after, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].seq


def _line(entry: Entry) -> dict[str, object]:
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in entry._asdict().items()}
