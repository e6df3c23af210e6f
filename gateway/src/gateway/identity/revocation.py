"""Ending what was granted: one or all sessions of a person, or everything that we and Microsoft gave for them.

Guarantees: one transaction; effective at once in the database and within 5 s in every process that shares it, because
none believes its memory for longer (gateway.identity.live, gateway.identity.token_source). Revoking bans nobody: who
may sign in is Microsoft's to say, and `microsoft.tenants`.
"""

from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from gateway.audit.event import Event, Kind
from gateway.audit.trail import Trail
from gateway.identity.jwt import Principal
from gateway.identity.live import IDLE_MS, LiveSessions
from gateway.store import clock, mailboxes, people, sessions, token_caches, transaction
from gateway.store.errors import RowAbsent


class Revoked(NamedTuple):
    """How many sessions and API keys, and how many mailboxes' Microsoft tokens, were ended."""

    entries: int
    mailboxes: int


def revoke(connection: Connection, audit: Trail, person_id: str, *, now: int) -> Revoked:
    """End every session, API key and Microsoft token of a person. RowAbsent when there is none of this id."""
    people.lock(connection, person_id)
    ended = len(sessions.revoke_person(connection, person_id, now=now))
    owned = mailboxes.of_person(connection, person_id)
    destroyed = sum(token_caches.destroy(connection, mailbox.id) for mailbox in owned)
    audit.record(connection, Event(Kind.REVOKED, person=person_id, amount=ended + destroyed))
    return Revoked(ended, destroyed)


class SignOut:
    """A person's sessions, and ending one or all of them. `live` is the same object that the edge asks."""

    def __init__(self, engine: Engine, live: LiveSessions, audit: Trail) -> None:
        self._engine = engine
        self._live = live
        self._audit = audit

    async def everywhere(self, caller: Principal) -> None:
        """End all sessions of the caller's person, this one included. Mailboxes and API keys stay. Repeatable."""
        now = clock.now()
        ended = await transaction.write(self._engine, lambda connection: self._end(connection, caller.person_id, now))
        self._live.end(*ended)

    async def live_sessions(self, caller: Principal) -> list[sessions.Session]:
        """Those of the caller's person, newest first."""
        find = partial(sessions.of_person, person_id=caller.person_id, now=clock.now(), idle=IDLE_MS)
        return await transaction.read(self._engine, find)

    async def one(self, caller: Principal, session_id: str) -> None:
        """End one of them; RowAbsent when the caller's person has none of this id that could be ended."""
        now = clock.now()
        await transaction.write(self._engine, lambda connection: self._end_one(connection, caller, session_id, now))
        self._live.end(session_id)

    def _end_one(self, connection: Connection, caller: Principal, session_id: str, now: int) -> None:
        if sessions.owner(connection, session_id) != caller.person_id:
            raise RowAbsent(session_id)
        if not sessions.revoke(connection, session_id, now=now):
            raise RowAbsent(session_id)
        self._audit.record(connection, Event(Kind.SIGN_OUT, person=caller.person_id, object_id=session_id))

    def _end(self, connection: Connection, person_id: str, now: int) -> list[str]:
        ended = sessions.revoke_all(connection, person_id, now=now)
        self._audit.record(connection, Event(Kind.SIGN_OUT_EVERYWHERE, person=person_id, amount=len(ended)))
        return ended
