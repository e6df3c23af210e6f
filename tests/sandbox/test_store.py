"""The mailbox's file: size, speed, and all-or-nothing."""

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import seed
from sandbox.graph.message import View
from sandbox.seed_message import SeedMessage, SeedRecipient
from sandbox.store import Store

MAILBOX = "owner"
MANY = 20_000
START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def messages(count: int) -> Iterator[SeedMessage]:
    recipients = (SeedRecipient(name="Bo", address="bo@example.test"),)
    for number in range(count):
        yield SeedMessage(
            folder=None if number % 2 else f"Folder {number % 20}",
            subject=f"Message {number}",
            sender_name="Ann",
            sender_address="ann@example.test",
            received_at=START + dt.timedelta(minutes=number),
            recipients=recipients,
        )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "sandbox.db", [MAILBOX])
    yield opened
    opened.close()


def test_large_mailboxes_are_quick(store: Store) -> None:
    """A fifth of 100,000 messages loads in a fifth of 30 s; a page of 1000, selected as we do, is made in 50 ms."""
    began = time.process_time()
    seed.load(store, messages(MANY), MAILBOX)
    assert time.process_time() - began < 30 * MANY / 100_000
    inbox = store.folder(MAILBOX, "inbox")
    assert inbox
    view = View(store, ("subject", "from", "toRecipients", "receivedDateTime"), immutable=True, content=True)
    middle = store.page(inbox.id, None, 5000)[-1]
    spent = []
    for _ in range(3):  # the best of three: other programs on the machine slow this one down, nothing speeds it up
        began = time.process_time()
        page = [view.document(row) for row in store.page(inbox.id, (middle.received, middle.number), 1000)]
        spent.append(time.process_time() - began)
    assert len(page) == 1000
    assert min(spent) < 0.05


def test_a_load_that_fails_leaves_nothing(store: Store) -> None:
    """One broken seed in the middle: no message, no folder, and the next load works."""

    def broken() -> Iterator[SeedMessage]:
        yield from messages(10)
        raise ValueError("the file ends here")

    before = store.all_folders()
    with pytest.raises(ValueError, match="ends here"):
        seed.load(store, broken(), MAILBOX)
    assert store.is_empty()
    assert store.all_folders() == before
    assert len(seed.load(store, messages(10), MAILBOX)) == 10


def test_folder_paths_become_folders(store: Store) -> None:
    """A path makes what is missing of it, once."""
    for path in ("Clients/North", "clients/South"):
        message = SeedMessage(folder=path, subject="", sender_name="", sender_address="", received_at=START)
        seed.load(store, [message], MAILBOX)
    names = sorted(row.name for row in store.all_folders() if row.well_known is None)
    assert names == ["Clients", "North", "South"]
