"""API keys, by the hash of their secret: what they may do, for whom, until when. Revoking one deletes it."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from gateway.store.codes import Scope
from gateway.store.errors import RowAbsent, TooMany
from gateway.store.tables import api_key, api_key_scope

MOST = 20  # of one person; who needs more integrations than that wants another way in


class ApiKey(NamedTuple):
    """Without a mailbox_id it is for all of the person's mailboxes. `last_used_on` in days since 1970, UTC."""

    id: str
    person_id: str
    mailbox_id: str | None
    secret_hash: bytes
    name_sealed: bytes
    created_at: int
    expires_at: int
    last_used_on: int | None
    scopes: frozenset[Scope]


class ApiKeys(NamedTuple):
    """Of all people together: keys that are good. Times in unix ms, None without one."""

    number: int
    oldest: int | None
    next_end: int | None


def summary(connection: Connection, *, now: int) -> ApiKeys:
    """How many there are, the oldest, and when the next one ends."""
    wanted = select(func.count(), func.min(api_key.c.created_at), func.min(api_key.c.expires_at))
    return ApiKeys(*connection.execute(wanted.where(api_key.c.expires_at > now)).one())


def add(connection: Connection, new: ApiKey) -> None:
    """Keep a key. Raises TooMany. The caller holds the person (people.lock), so that two at once are counted."""
    kept = select(func.count()).where(api_key.c.person_id == new.person_id)
    if connection.execute(kept).scalar_one() >= MOST:
        raise TooMany("this person has as many API keys as are kept")
    values = {name: value for name, value in new._asdict().items() if name != "scopes"}
    connection.execute(insert(api_key), values)
    connection.execute(insert(api_key_scope), [{"api_key_id": new.id, "scope": scope} for scope in new.scopes])


def by_secret(connection: Connection, secret_hash: bytes, *, now: int) -> ApiKey | None:
    """The key with this secret, unless it is over."""
    found = _found(connection, (api_key.c.secret_hash == secret_hash) & (api_key.c.expires_at > now))
    return found[0] if found else None


def of_person(connection: Connection, person_id: str) -> list[ApiKey]:
    """A person's keys, oldest first, those that are over too."""
    return _found(connection, api_key.c.person_id == person_id)


def touch(connection: Connection, key_id: str, *, today: int) -> None:
    """Note the day on which a key was used: one write a day."""
    earlier = or_(api_key.c.last_used_on.is_(None), api_key.c.last_used_on < today)
    connection.execute(update(api_key).where(api_key.c.id == key_id, earlier).values(last_used_on=today))


def revoke(connection: Connection, person_id: str, key_id: str) -> None:
    """End a person's key for ever. Raises RowAbsent."""
    if not _delete(connection, (api_key.c.id == key_id) & (api_key.c.person_id == person_id)):
        raise RowAbsent("no such API key")


def revoke_person(connection: Connection, person_id: str) -> list[str]:
    """End all keys of a person; their ids."""
    return _delete(connection, api_key.c.person_id == person_id)


def purge(connection: Connection, *, before: int) -> int:
    """Delete the keys that were over before that moment; returns how many."""
    return len(_delete(connection, api_key.c.expires_at < before))


def _found(connection: Connection, condition: ColumnElement[bool]) -> list[ApiKey]:
    rows = connection.execute(select(api_key).where(condition).order_by(api_key.c.created_at, api_key.c.id)).all()
    scopes = _scopes(connection, [row.id for row in rows])
    return [ApiKey(**row._asdict(), scopes=frozenset(scopes[row.id])) for row in rows]


def _scopes(connection: Connection, key_ids: Iterable[str]) -> dict[str, set[Scope]]:
    found: dict[str, set[Scope]] = {key_id: set() for key_id in key_ids}
    for key_id, scope in connection.execute(select(api_key_scope).where(api_key_scope.c.api_key_id.in_(found))):
        found[key_id].add(scope)
    return found


def _delete(connection: Connection, condition: ColumnElement[bool]) -> list[str]:
    return list(connection.execute(delete(api_key).where(condition).returning(api_key.c.id)).scalars())
