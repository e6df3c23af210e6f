"""Whether the log is what was written: walks the chain and names the first number at which it breaks, and how.

1. the cut behind which it begins was made by us
2. each number follows the one before
3. each hash is of its content and of the hash before
4. each mac was made with a key of ours
5. the head stands on the last event
6. what a checkpoint noted is still there

An edit shows at (3), also with recomputed hashes at (4); a deletion at (2); an insertion or a swap at (2), (3) or (4);
a cut-off end at (5), and with a head that was put back as well at (6).
"""

import hmac
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import Connection

from gateway.audit import chain, checkpoint
from gateway.audit.attestation import Attestation
from gateway.audit.chain import GENESIS
from gateway.audit.event import Log
from gateway.store import audit as rows
from gateway.store.audit import Entry, Head
from gateway.vault.keyring import Keyring, Purpose

PAGE: Final = 1000  # events read at a time


class Fault(StrEnum):
    """How the chain breaks."""

    CUT_FORGED = "cut_forged"
    MISSING = "missing"
    INSERTED = "inserted"
    ALTERED = "altered"
    FORGED = "forged"
    TRUNCATED = "truncated"
    REPLACED = "replaced"


class Broken(NamedTuple):
    """The first number that is wrong."""

    seq: int
    fault: Fault


class Report(NamedTuple):
    """How many events were checked, the number and hash of the last good one, and what is broken, if anything."""

    checked: int
    last: Head
    broken: Broken | None


class Verifier:
    """Checks logs of one deployment."""

    def __init__(self, keyring: Keyring, deployment: str) -> None:
        self._keyring = keyring
        self._deployment = deployment
        self._attestation = Attestation(keyring, deployment)

    def verify(
        self, connection: Connection, log: Log, *, since: int | None = None, noted: Head | None = None
    ) -> Report:
        """Check on one snapshot. since: events of that time (unix ms) and later alone; noted: of a checkpoint."""
        cut = rows.last_cut(connection, log)
        if cut is not None and not checkpoint.is_ours(self._attestation, cut):
            return Report(0, Head(log, cut.seq, cut.hash), Broken(cut.seq, Fault.CUT_FORGED))
        begin = Head(log, 0, GENESIS) if cut is None else Head(log, cut.seq, cut.hash)
        report = self._walk(connection, begin if since is None else _before(connection, since, begin), noted)
        return report if report.broken else report._replace(broken=_ending(connection, report.last, noted))

    def _walk(self, connection: Connection, begin: Head, noted: Head | None) -> Report:
        last, checked = begin, 0
        for entry in _entries(connection, begin):
            fault = self._fault(last, entry, noted)
            if fault is not None:
                return Report(checked, last, Broken(min(entry.seq, last.seq + 1), fault))
            last, checked = Head(entry.log, entry.seq, entry.hash), checked + 1
        return Report(checked, last, None)

    def _fault(self, last: Head, entry: Entry, noted: Head | None) -> Fault | None:
        if entry.seq != last.seq + 1:
            return Fault.MISSING
        if chain.link(self._deployment, last.hash, entry) != entry.hash:
            return Fault.ALTERED
        if not self._written_by_us(entry):
            return Fault.FORGED
        return Fault.REPLACED if noted is not None and noted.seq == entry.seq and noted.hash != entry.hash else None

    def _written_by_us(self, entry: Entry) -> bool:
        key = self._keyring.by_id(Purpose.AUDIT, entry.key_id)
        return key is not None and hmac.compare_digest(chain.mac(key.secret, entry.hash), entry.mac)


def _entries(connection: Connection, begin: Head) -> Iterator[Entry]:
    after = begin.seq
    while page := rows.after(connection, begin.log, after, limit=PAGE):
        yield from page
        after = page[-1].seq


def _before(connection: Connection, since: int, begin: Head) -> Head:
    """The event before the first of that time; believed as it stands."""
    found = rows.last_before(connection, begin.log, since)
    return begin if found is None else Head(found.log, found.seq, found.hash)


def _ending(connection: Connection, last: Head, noted: Head | None) -> Broken | None:
    head = rows.head(connection, last.log)
    if head is None or head.seq > last.seq:
        return Broken(last.seq + 1, Fault.TRUNCATED)
    if head != last:
        return Broken(last.seq, Fault.INSERTED)
    if noted is not None and noted.seq > last.seq:
        return Broken(last.seq + 1, Fault.TRUNCATED)
    return None
