"""What the audit log costs: one chain for all against one chain for each writer, on SQLite and on PostgreSQL.

Prints events a second for 1, 2, 4 and 8 writers, CPU of this process for one event, and verification a second. All of
it in one run, on loopback; PostgreSQL waits for its disk here, as it would in production.
"""

import importlib.util
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert

from gateway.audit.event import Event, Kind, Log
from gateway.audit.tally import Tally
from gateway.audit.trail import Trail
from gateway.audit.verification import Verifier
from gateway.store import audit as rows
from gateway.store import engine as store
from gateway.store import ids, mailboxes, people, reading
from gateway.store.mailboxes import Mailbox
from gateway.store.tables import audit_head
from gateway.vault.keyring import Keyring
from gateway.vault.vault import Vault

EVENTS = 400
WRITERS = (1, 2, 4, 8)


class Bench:
    """A person with a mailbox on one database, and a trail."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        (folder / "data").mkdir(exist_ok=True)
        name = engine.dialect.name
        self.keyring = Keyring.create(
            folder / f"{name}.root", folder / f"{name}.keys", data_folder=folder / "data", now=1
        )
        vault = Vault(self.keyring, "bench")
        self.trail = Trail(self.keyring, vault, "bench", tally=Tally(), failed=lambda: None)
        with engine.begin() as connection:
            person = people.create(connection, b"1" * 32, now=1)
            vault.create_key(connection, person.id)
            self.mailbox = Mailbox(ids.new("mbx"), person.id, b"1" * 32, b"sealed", 1)
            mailboxes.add(connection, self.mailbox)
            heads = [{"log": f"own-{n}", "seq": 0, "hash": bytes(32)} for n in range(max(WRITERS))]
            connection.execute(insert(audit_head), heads)

    def one_chain(self, _writer: int) -> None:
        with self.engine.begin() as connection:
            self.trail.record(connection, Event(Kind.MOVE_BATCH, mailbox=self.mailbox.id))

    def own_chain(self, writer: int) -> None:
        with self.engine.begin() as connection:
            head = rows.lock_head(connection, f"own-{writer}")
            assert head is not None
            entry = self.trail._entry(connection, Event(Kind.MOVE_BATCH, mailbox=self.mailbox.id))
            rows.append(connection, self.trail._chained(head, entry._replace(log=head.log)))

    def rate(self, write: Callable[[int], None], writers: int) -> float:
        def work(writer: int) -> None:
            for _ in range(EVENTS // writers):
                write(writer)

        began = time.monotonic()
        with ThreadPoolExecutor(writers) as pool:
            list(pool.map(work, range(writers)))
        return EVENTS / (time.monotonic() - began)

    def report(self) -> None:
        name = self.engine.dialect.name
        for writers in WRITERS:
            one, own = self.rate(self.one_chain, writers), self.rate(self.own_chain, writers)
            _say(f"{name}\t{writers} writers\tone chain {one:.0f}/s\ta chain each {own:.0f}/s\t{one / own:.2f}")
        began = time.process_time()
        self.rate(self.one_chain, 1)
        _say(f"{name}\tCPU for one event\t{(time.process_time() - began) / EVENTS * 1e6:.0f} us")
        with reading(self.engine) as connection:
            began = time.process_time()
            checked = Verifier(self.keyring, "bench").verify(connection, Log.AUDIT)
        assert checked.broken is None
        _say(f"{name}\tverified\t{(time.process_time() - began) / checked.checked * 1e6:.0f} us an event")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def cluster(folder: Path) -> Any:
    """A PostgreSQL as the tests start it, but with fsync."""
    path = Path(__file__).parents[1] / "gateway" / "conftest.py"
    spec = importlib.util.spec_from_file_location("clusters", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    durable = module.CONFIGURATION.replace("fsync = off", "fsync = on")
    module.CONFIGURATION = durable.replace("full_page_writes = off", "")
    return module.Cluster(folder)


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="audit-bench-"))
    postgres = cluster(folder)
    postgres.start()
    try:
        sqlite = store.open(folder / "bench.db")
        store.migrate(sqlite)
        Bench(sqlite, folder).report()
        sqlite.dispose()
        with postgres.database() as engine:
            Bench(engine, folder).report()
    finally:
        postgres.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
