"""People: who may sign in, and the tombstones of who has been erased. A person is known by a keyed hash only."""

from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.store import api_keys, ids
from gateway.store.errors import RowAbsent
from gateway.store.tables import mailbox, person, person_plan, provider_spending, scan_charge, session


class Person(NamedTuple):
    """`subject_index` = HMAC of tenant and object id; None once erased."""

    id: str
    subject_index: bytes | None
    created_at: int
    erased_at: int | None


class Tombstone(NamedTuple):
    """An erasure that a restore has to replay."""

    person_id: str
    erased_at: int


def create(connection: Connection, subject_index: bytes, *, now: int) -> Person:
    """A new person; made at sign-in only."""
    made = Person(ids.new("per"), subject_index, now, None)
    connection.execute(insert(person), made._asdict())
    return made


def known_or_new(connection: Connection, subject_index: bytes, *, now: int) -> Person:
    """The living person behind a keyed hash, made if there is none: of many sign-ins at once, one makes them."""
    known = by_subject(connection, subject_index)
    if known is not None:
        return known
    try:
        with connection.begin_nested():
            return create(connection, subject_index, now=now)
    except IntegrityError:  # made while this looked
        return known_or_new(connection, subject_index, now=now)


def by_subject(connection: Connection, subject_index: bytes) -> Person | None:
    """The living person behind a keyed hash, if there is one."""
    row = connection.execute(select(person).where(person.c.subject_index == subject_index)).one_or_none()
    return None if row is None else Person(**row._asdict())


def get(connection: Connection, person_id: str) -> Person:
    """The person, erased or not. Raises RowAbsent."""
    return _one(connection, person_id, lock=False)


def lock(connection: Connection, person_id: str) -> Person:
    """The person, held against an erasure until this transaction ends. Raises RowAbsent."""
    return _one(connection, person_id, lock=True)


def tombstone(connection: Connection, person_id: str, *, now: int) -> int:
    """Mark as erased and drop the index; returns when that happened first (unix ms). Raises RowAbsent."""
    found = lock(connection, person_id)
    if found.erased_at is not None:
        return found.erased_at
    connection.execute(update(person).where(person.c.id == person_id).values(subject_index=None, erased_at=now))
    return now


def tombstones(connection: Connection) -> list[Tombstone]:
    """All erasures, oldest first."""
    query = select(person.c.id, person.c.erased_at).where(person.c.erased_at.is_not(None)).order_by(person.c.erased_at)
    return [Tombstone(*row) for row in connection.execute(query)]


def erase_rows(connection: Connection, person_id: str) -> None:
    """Delete every plain row about a person but the tombstone: after Vault.erase_key, in its transaction.

    The audit log stays whole: it knows people by pseudonyms under the key that is destroyed.
    """
    api_keys.revoke_person(connection, person_id)
    connection.execute(delete(session).where(session.c.person_id == person_id))
    for table in (provider_spending, scan_charge, person_plan):
        connection.execute(delete(table).where(table.c.person_id == person_id))
    connection.execute(delete(mailbox).where(mailbox.c.person_id == person_id))


def _one(connection: Connection, person_id: str, *, lock: bool) -> Person:
    query = select(person).where(person.c.id == person_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise RowAbsent("no such person")
    return Person(**row._asdict())
