"""A real database for each test, migrated, of either kind, and a mailbox in it."""

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


@pytest.fixture
def engine(database: Engine) -> Engine:
    return database


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
