"""The day's round: a due key is replaced and recorded, what durable work no longer needs goes, by one replica."""

from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.audit.event import Kind, Log
from gateway.rights.daily import Daily
from gateway.store import audit, clock, reading
from gateway.vault.keyring import Purpose


class Queue:
    """Durable work, as far as a day asks of it."""

    def __init__(self) -> None:
        self.before: list[datetime] = []

    async def forget_ended(self, *, before: datetime) -> int:
        self.before.append(before)
        return 0


async def test_a_due_key_is_replaced_and_recorded(office: Any) -> None:
    """On the day it is due, once, by the replica that came first."""
    queue: Any = Queue()
    replicas = [_daily(office, queue, name) for name in ("one", "two")]
    for replica in replicas:
        await replica.round()
    assert _rotations(office) == []
    office.moment += 24 * clock.DAY
    for replica in replicas:
        await replica.round()
    assert _rotations(office) == [office.keyring.newest(Purpose.KEK).id]


async def test_what_durable_work_keeps_ends_with_the_metadata(office: Any) -> None:
    """Once a day, as old as scans may be."""
    queue = Queue()
    work: Any = queue
    await _daily(office, work, "one").round()
    await _daily(office, work, "one").round()
    (before,) = queue.before
    assert abs(datetime.now(UTC) - timedelta(days=365) - before) < timedelta(minutes=1)


def _daily(office: Any, work: Any, holder: str) -> Daily:
    retention = office.retention(holder)
    return Daily(office.engine, office.vault, office.audit, retention, work, holder=holder, now=office.now)


def _rotations(office: Any) -> list[str | None]:
    with reading(office.engine) as connection:
        entries = audit.after(connection, Log.AUDIT, 0, limit=1000)
    return [entry.object_id for entry in entries if entry.kind == Kind.KEY_ROTATED]
