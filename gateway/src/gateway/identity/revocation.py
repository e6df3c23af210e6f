"""Ending what was granted: all sessions of a person, or everything that we and Microsoft gave for them.

Guarantees: one transaction; effective at once in the database and within 5 s in every process that shares it, because
none believes its memory for longer (gateway.identity.live, gateway.identity.token_source). Revoking bans nobody: who
may sign in is Microsoft's to say, and `microsoft.tenants`.
"""

from typing import NamedTuple

from sqlalchemy import Connection, Engine

from gateway.audit.event import Event, Kind
from gateway.audit.trail import Trail
from gateway.identity.jwt import Principal
from gateway.identity.live import LiveSessions
from gateway.store import clock, mailboxes, people, sessions, token_caches, transaction


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
    """Signing out everywhere. `live` is the same object that the edge asks."""

    def __init__(self, engine: Engine, live: LiveSessions, audit: Trail) -> None:
        self._engine = engine
        self._live = live
        self._audit = audit

    async def everywhere(self, caller: Principal) -> None:
        """End all sessions of the caller's person, this one included. Mailboxes and API keys stay. Repeatable."""
        now = clock.now()
        ended = await transaction.write(self._engine, lambda connection: self._end(connection, caller.person_id, now))
        self._live.end(*ended)

    def _end(self, connection: Connection, person_id: str, now: int) -> list[str]:
        ended = sessions.revoke_all(connection, person_id, now=now)
        self._audit.record(connection, Event(Kind.SIGN_OUT_EVERYWHERE, person=person_id, amount=len(ended)))
        return ended
