"""A real SQLite file for each test, migrated, and a mailbox in it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_bytes

import pytest
from sqlalchemy import Engine

from gateway.store import engine as store_engine
from gateway.store import ids, mailboxes, people, scans
from gateway.store.mailboxes import Mailbox
from gateway.store.scans import Scan

NOW = 1_700_000_000_000


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Engine]:
    engine = store_engine.open(tmp_path / "organiser.db")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy: building the schema anew for each test would be most of their time."""
    path = tmp_path_factory.mktemp("migrated") / "organiser.db"
    engine = store_engine.open(path)
    store_engine.migrate(engine)
    store_engine.scrub(engine)
    engine.dispose()
    return path


@pytest.fixture
def engine(migrated: Path, tmp_path: Path) -> Iterator[Engine]:
    shutil.copy(migrated, tmp_path / "organiser.db")
    engine = store_engine.open(tmp_path / "organiser.db")
    yield engine
    engine.dispose()


@pytest.fixture
def new_mailbox(engine: Engine) -> Callable[[], Mailbox]:
    """Makes one more person with one mailbox."""

    def make() -> Mailbox:
        with engine.begin() as connection:
            person = people.create(connection, token_bytes(32), now=NOW)
            mailbox = Mailbox(ids.new("mbx"), person.id, token_bytes(32), b"sealed", NOW)
            mailboxes.add(connection, mailbox)
        return mailbox

    return make


@pytest.fixture
def mailbox(new_mailbox: Callable[[], Mailbox]) -> Mailbox:
    return new_mailbox()


@pytest.fixture
def scan(engine: Engine, mailbox: Mailbox) -> Scan:
    with engine.begin() as connection:
        return scans.create(connection, mailbox.id, source_graph_id="inbox", now=NOW)
