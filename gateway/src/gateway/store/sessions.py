"""Signed-in sessions: they idle out, they expire, and they can be revoked at once."""

from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from gateway.store import api_keys, ids
from gateway.store.tables import session

MOST: Final = 100  # listed; nobody has so many devices


class Session(NamedTuple):
    """`expires_at` is the absolute end; `last_seen_at` feeds the idle limit; `key_hash` is its key's thumbprint."""

    id: str
    person_id: str
    created_at: int
    last_seen_at: int
    expires_at: int
    revoked_at: int | None
    key_hash: bytes | None


def create(connection: Connection, person_id: str, *, now: int, expires_at: int) -> Session:
    """A new session of a person."""
    new = Session(ids.new("ses"), person_id, now, now, expires_at, None, None)
    connection.execute(insert(session), new._asdict())
    return new


def live(connection: Connection, session_id: str, *, now: int, idle: int) -> Session | None:
    """The session, unless it is revoked, over, or unused for `idle` ms."""
    row = connection.execute(select(session).where(session.c.id == session_id, _live(now, idle))).one_or_none()
    return None if row is None else Session(**row._asdict())


def of_person(connection: Connection, person_id: str, *, now: int, idle: int) -> list[Session]:
    """A person's live sessions, newest first; MOST of them."""
    theirs = select(session).where(session.c.person_id == person_id, _live(now, idle))
    rows = connection.execute(theirs.order_by(session.c.created_at.desc(), session.c.id.desc()).limit(MOST))
    return [Session(**row._asdict()) for row in rows]


def bind(connection: Connection, session_id: str, key_hash: bytes) -> None:
    """Give a session the one key that may refresh it."""
    connection.execute(update(session).where(session.c.id == session_id).values(key_hash=key_hash))


def touch(connection: Connection, session_id: str, *, now: int, idle: int) -> bool:
    """Note that a live session was used; False when it is not live (any more)."""
    used = update(session).where(session.c.id == session_id, _live(now, idle)).values(last_seen_at=now)
    return connection.execute(used).rowcount == 1


def revoke(connection: Connection, session_id: str, *, now: int) -> bool:
    """End a session; False when there was nothing to end."""
    ended = update(session).where(session.c.id == session_id, session.c.revoked_at.is_(None)).values(revoked_at=now)
    return connection.execute(ended).rowcount == 1


def revoke_all(connection: Connection, person_id: str, *, now: int) -> list[str]:
    """End a person's sessions with every token; their API keys stay. Returns what ended, by id."""
    theirs = (session.c.person_id == person_id) & session.c.revoked_at.is_(None)
    ended = connection.execute(update(session).where(theirs).values(revoked_at=now).returning(session.c.id))
    return list(ended.scalars())


def revoke_person(connection: Connection, person_id: str, *, now: int) -> list[str]:
    """End all that lets a person in: their sessions with every token, and their API keys. Returns what ended, by id."""
    return [*revoke_all(connection, person_id, now=now), *api_keys.revoke_person(connection, person_id)]


def owner(connection: Connection, session_id: str) -> str | None:
    """Whose session it is or was."""
    return connection.execute(select(session.c.person_id).where(session.c.id == session_id)).scalar_one_or_none()


def ids_of_person(connection: Connection, person_id: str) -> list[str]:
    """All of a person's sessions."""
    return list(connection.execute(select(session.c.id).where(session.c.person_id == person_id)).scalars())


def revoked_since(connection: Connection, moment: int) -> list[str]:
    """Ids of the sessions revoked at `moment` or later, for the replicas' denylists."""
    return list(connection.execute(select(session.c.id).where(session.c.revoked_at >= moment)).scalars())


def purge(connection: Connection, *, before: int) -> int:
    """Delete the sessions that were over before that moment; returns how many."""
    return connection.execute(delete(session).where(session.c.expires_at < before)).rowcount


def _live(now: int, idle: int) -> ColumnElement[bool]:
    return session.c.revoked_at.is_(None) & (session.c.expires_at > now) & (session.c.last_seen_at > now - idle)
