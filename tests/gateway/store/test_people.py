"""Erasing a person's plain rows: all of theirs, none of anybody else's, whatever table comes later."""

from collections.abc import Callable

import pytest
from filling import fill
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import IntegrityError

from gateway.store import folders, ids, learned_messages, mailboxes, people, reading
from gateway.store.errors import RowAbsent, StaleVersion
from gateway.store.folders import Folder
from gateway.store.mailboxes import Mailbox
from gateway.store.tables import METADATA

# The audit log and the register of incidents are of pseudonyms, and erasing leaves them whole.
NOBODYS = {"audit_event", "audit_cut", "incident_entry"}


def _fill(connection: Connection, mailbox: Mailbox) -> None:
    fill(connection, mailbox, lambda *_: b"sealed", now=1)


def test_erasing_one_person_leaves_their_tombstone_and_everybody_else(
    engine: Engine, new_mailbox: Callable[[], Mailbox]
) -> None:
    """Each table that held a row of both holds the other's afterwards, and only those."""
    gone, stays = new_mailbox(), new_mailbox()
    with engine.begin() as connection:
        _fill(connection, gone)
        alone = _counts(connection)
        _fill(connection, stays)
    assert {name for name, count in alone.items() if count == 0} == {"sign_in", "used_proof", "person_key", *NOBODYS}
    with engine.begin() as connection:
        people.tombstone(connection, gone.person_id, now=7)
        people.erase_rows(connection, gone.person_id)
    with reading(engine) as connection:
        left = _counts(connection)
        erased = people.get(connection, gone.person_id)
        with pytest.raises(RowAbsent):
            mailboxes.get(connection, gone.id)
        assert mailboxes.owned(connection, stays.person_id, stays.id) == stays
        assert people.tombstones(connection) == [(gone.person_id, 7)]
    assert left == alone | {"person": 2, "mailbox": 1}
    assert (erased.subject_index, erased.erased_at) == (None, 7)


def test_a_tombstone_keeps_its_first_date(engine: Engine, mailbox: Mailbox) -> None:
    """Erasing again, as a restore does, is harmless."""
    with engine.begin() as connection:
        assert people.tombstone(connection, mailbox.person_id, now=7) == 7
        assert people.tombstone(connection, mailbox.person_id, now=8) == 7


def test_who_was_erased_comes_back_as_somebody_new(engine: Engine) -> None:
    """The same account signs in again: a new person, unconnected to the tombstone."""
    with engine.begin() as connection:
        first = people.create(connection, b"index", now=1)
        assert people.by_subject(connection, b"index") == first
        people.tombstone(connection, first.id, now=2)
        assert people.by_subject(connection, b"index") is None
        assert people.create(connection, b"index", now=3).id != first.id


def test_a_mailbox_is_reached_by_its_owner_only(engine: Engine, new_mailbox: Callable[[], Mailbox]) -> None:
    """Another person's mailbox is absent by id, and its index says whose it is."""
    mine, theirs = new_mailbox(), new_mailbox()
    with reading(engine) as connection:
        with pytest.raises(RowAbsent):
            mailboxes.owned(connection, mine.person_id, theirs.id)
        assert mailboxes.by_subject(connection, theirs.subject_index) == theirs
        assert mailboxes.by_subject(connection, b"nobody's") is None
        assert mailboxes.of_person(connection, mine.person_id) == [mine]


def test_one_account_is_one_mailbox_of_one_person(engine: Engine, new_mailbox: Callable[[], Mailbox]) -> None:
    """Two people who connect the same account at the same moment: the table refuses the second."""
    mine, theirs = new_mailbox(), new_mailbox()
    twice = mine._replace(id=ids.new("mbx"), person_id=theirs.person_id)
    with pytest.raises(IntegrityError), engine.begin() as connection:
        mailboxes.add(connection, twice)


def test_a_folder_is_changed_at_the_revision_that_was_seen(engine: Engine, mailbox: Mailbox) -> None:
    """Two tabs, one folder: the second change of the same revision is refused."""
    seen = Folder(ids.new("fld"), mailbox.id, "AAMk", b"n", None, chosen=False, origin=False, revision=1)
    with engine.begin() as connection:
        folders.add(connection, seen)
        written = folders.change(connection, seen._replace(chosen=True, description_sealed=b"d"))
        assert folders.of_mailbox(connection, mailbox.id, chosen=True) == [written]
        with pytest.raises(StaleVersion):
            folders.change(connection, seen._replace(chosen=False))
        folders.remove(connection, mailbox.id, seen.id)
        with pytest.raises(RowAbsent):
            folders.change(connection, written)
    assert written.revision == 2


def test_a_message_is_learned_once_for_each_folder_it_is_filed_in(engine: Engine, mailbox: Mailbox) -> None:
    """A repeated step learns nothing; a message that its owner filed elsewhere is learned again."""
    here, there = ids.new("fld"), ids.new("fld")
    with engine.begin() as connection:
        first = {"m1": here, "m2": here}
        assert [learned_messages.record(connection, mailbox.id, first) for _ in range(2)] == [2, 0]
        assert learned_messages.record(connection, mailbox.id, {"m2": there, "m3": there}) == 2
        known = learned_messages.folders_of(connection, mailbox.id, ["m1", "m2", "m3", "m4"])
        assert known == {"m1": here, "m2": there, "m3": there}
        learned_messages.unlearn(connection, mailbox.id)
        assert learned_messages.folders_of(connection, mailbox.id, ["m1"]) == {}


def _counts(connection: Connection) -> dict[str, int]:
    return {
        name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for name, table in METADATA.tables.items()
    }
