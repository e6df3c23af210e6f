"""Wrapped data keys and their use counters. Only gateway.vault calls this; here they are bytes that open nothing.

An erased person has no key here, even if a restore brought the row back: every look-up asks for the tombstone too.
"""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, select, update

from gateway.store.tables import person, person_key


class PersonKey(NamedTuple):
    """`uses` counts encryptions under the key; `generation` counts the person's keys from 1."""

    id: str
    person_id: str
    kek_id: str
    wrapped: bytes
    uses: int
    generation: int
    created_at: int


class PersonKeys(NamedTuple):
    """Of all people together. Times in unix ms, None without a key; most_uses: of the key that was used most."""

    number: int
    oldest: int | None
    newest: int | None
    most_uses: int


def summary(connection: Connection) -> PersonKeys:
    """How many keys there are, and how old and worn."""
    made, uses = person_key.c.created_at, person_key.c.uses
    query = select(func.count(), func.min(made), func.max(made), func.coalesce(func.max(uses), 0))
    return PersonKeys(*connection.execute(query.select_from(person_key)).one())


def add(connection: Connection, key: PersonKey) -> None:
    """Store a new key; a second one of the same generation is refused by the table."""
    connection.execute(insert(person_key), key._asdict())


def of_person(connection: Connection, person_id: str) -> list[PersonKey]:
    """A person's keys, oldest generation first; none after erasure."""
    query = select(person_key).where(_of_living(person_id)).order_by(person_key.c.generation)
    return [PersonKey(**row._asdict()) for row in connection.execute(query)]


def by_id(connection: Connection, person_id: str, key_id: str) -> PersonKey | None:
    """One key, if it is this person's."""
    mine = select(person_key).where(person_key.c.id == key_id, _of_living(person_id))
    row = connection.execute(mine).one_or_none()
    return None if row is None else PersonKey(**row._asdict())


def count_use(connection: Connection, person_id: str, *, limit: int) -> PersonKey | None:
    """Count one encryption on the newest key and return it; None when there is no key or its `limit` is reached."""
    newest = select(func.max(person_key.c.generation)).where(person_key.c.person_id == person_id).scalar_subquery()
    usable = _of_living(person_id) & (person_key.c.generation == newest) & (person_key.c.uses < limit)
    counted = update(person_key).where(usable).values(uses=person_key.c.uses + 1).returning(*person_key.c)
    row = connection.execute(counted).one_or_none()
    return None if row is None else PersonKey(**row._asdict())


def not_under(connection: Connection, kek_id: str, *, after: str, limit: int) -> list[PersonKey]:
    """Up to `limit` keys with an id above `after` that another KEK wraps, held until this transaction ends."""
    others = select(person_key).where(person_key.c.kek_id != kek_id, person_key.c.id > after)
    rows = connection.execute(others.order_by(person_key.c.id).limit(limit).with_for_update())
    return [PersonKey(**row._asdict()) for row in rows]


def rewrap(connection: Connection, key_id: str, *, kek_id: str, wrapped: bytes) -> None:
    """Put a key under another KEK."""
    connection.execute(update(person_key).where(person_key.c.id == key_id).values(kek_id=kek_id, wrapped=wrapped))


def destroy(connection: Connection, person_id: str) -> None:
    """Delete all of a person's keys; what they sealed opens no more."""
    connection.execute(delete(person_key).where(person_key.c.person_id == person_id))


def _of_living(person_id: str) -> ColumnElement[bool]:
    living = exists().where(person.c.id == person_id, person.c.erased_at.is_(None))
    return (person_key.c.person_id == person_id) & living
