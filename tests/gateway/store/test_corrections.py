"""Corrections: each once, bounded, and their mailbox's own."""

from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_bytes

import pytest
from at_once import at_once
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from gateway.store import corrections, ids, reading
from gateway.store.codes import CorrectionKind
from gateway.store.corrections import MOST, Correction
from gateway.store.errors import RowAbsent, TooMany
from gateway.store.mailboxes import Mailbox
from gateway.store.tables import METADATA

THREADS = 12


@dataclass
class Shelf:
    """A mailbox's corrections."""

    engine: Engine
    mailbox: Mailbox

    def new(self, kind: CorrectionKind = CorrectionKind.SENDER, keyed_hash: bytes | None = None) -> Correction:
        return Correction(ids.new("cor"), self.mailbox.id, kind, keyed_hash or token_bytes(32), 1)

    def keep(self, new: Correction) -> Correction:
        with self.engine.begin() as connection:
            return corrections.keep(connection, new)

    def all(self) -> list[Correction]:
        with reading(self.engine) as connection:
            return corrections.of_mailbox(connection, self.mailbox.id)


@pytest.fixture
def shelf(engine: Engine, mailbox: Mailbox) -> Shelf:
    return Shelf(engine, mailbox)


def test_the_same_is_kept_once(shelf: Shelf) -> None:
    """Remembered again it is the first one; the same hash of another kind is another."""
    first = shelf.keep(shelf.new(keyed_hash=b"h" * 32))
    assert shelf.keep(shelf.new(keyed_hash=b"h" * 32)) == first
    other = shelf.keep(shelf.new(CorrectionKind.TEXT, b"h" * 32))
    assert {one.id for one in shelf.all()} == {first.id, other.id}


def test_the_table_itself_refuses_a_second_one(shelf: Shelf) -> None:
    """Should two writers come at once, the database keeps one."""
    first = shelf.keep(shelf.new())
    again = {**first._asdict(), "id": ids.new("cor")}
    with pytest.raises(IntegrityError, match=r"(?i)unique"), shelf.engine.begin() as connection:
        connection.execute(METADATA.tables["correction"].insert(), again)


def test_a_mailbox_has_so_many_and_no_more(shelf: Shelf) -> None:
    """The last one fits, the next does not, and one that is there is still answered."""
    rows = [shelf.new()._asdict() for _ in range(MOST - 1)]
    with shelf.engine.begin() as connection:
        connection.execute(METADATA.tables["correction"].insert(), rows)
    last = shelf.keep(shelf.new())
    with pytest.raises(TooMany):
        shelf.keep(shelf.new())
    assert shelf.keep(last) == last
    assert len(shelf.all()) == MOST == 1000


def test_nobody_elses_is_seen_or_removed(shelf: Shelf, new_mailbox: Callable[[], Mailbox]) -> None:
    """Another mailbox's correction is absent."""
    other = Shelf(shelf.engine, new_mailbox())
    kept = other.keep(other.new())
    assert shelf.all() == []
    with pytest.raises(RowAbsent), shelf.engine.begin() as connection:
        corrections.remove(connection, shelf.mailbox.id, kept.id)
    with shelf.engine.begin() as connection:
        corrections.remove(connection, other.mailbox.id, kept.id)
    assert other.all() == []


def test_of_many_at_once_the_last_place_is_had_by_one(shelf: Shelf) -> None:
    """All but one place is taken; twelve say something new at the same moment. The same thing said by twelve is one."""
    rows = [shelf.new()._asdict() for _ in range(MOST - 2)]
    with shelf.engine.begin() as connection:
        connection.execute(METADATA.tables["correction"].insert(), rows)
    same = shelf.new()

    def say(new: Correction) -> bool:
        try:
            shelf.keep(new)
        except TooMany:
            return False
        return True

    assert all(at_once(shelf.engine, THREADS, lambda _: say(same._replace(id=ids.new("cor")))))
    assert sum(at_once(shelf.engine, THREADS, lambda _: say(shelf.new()))) == 1
