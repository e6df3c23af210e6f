"""The end of everything that is held about a person, and the receipt for it.

1. their scans and moves under way are told to stop, and the steps in flight waited for
2. one transaction: the event, the tombstone, the destroyed key, every row of theirs
3. their sessions are refused on this replica at once, on the others within five seconds; tokens in memory dropped
4. what durable work stored of them is deleted
5. the database file is rewritten, so that it holds none of the deleted bytes; if a transaction is in the way, later

After (2) nothing about the person opens any more, whatever becomes of the rest.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Connection

from chassis import logs
from gateway.audit.attestation import Attestation
from gateway.audit.event import Event, Kind
from gateway.identity import recent
from gateway.identity.jwt import Principal
from gateway.organise.context import Context, now
from gateway.rights import receipt
from gateway.rights.receipt import Receipt
from gateway.store import api_keys, duties, engine, mailboxes, move_runs, people, scans, sessions
from gateway.store.errors import DatabaseRefused
from gateway.vault.vault import Erasure
from gateway.work import Work

SCRUB: Final = "scrub"
PATIENCE_S: Final = 20.0  # for a step in flight; longer than any call to Graph
_log = logs.get("gateway.rights")


class _Owned(NamedTuple):
    """Ids of what goes."""

    mailboxes: list[str]
    work: list[str]
    sessions: list[str]


class Erasures:
    """One per process. end_session, drop_tokens: make this replica forget one at once."""

    def __init__(
        self,
        context: Context,
        work: Work,
        attestation: Attestation,
        *,
        end_session: Callable[[str], None],
        drop_tokens: Callable[[str], None],
    ) -> None:
        self._context = context
        self._work = work
        self._attestation = attestation
        self._end_session = end_session
        self._drop_tokens = drop_tokens

    async def erase(self, caller: Principal) -> Receipt:
        """Erase the caller. Raises RecentSignInNeeded, AuditUnavailable; then nothing is erased."""
        await self._context.read(partial(recent.require, caller=caller, now=now()))
        owned = await self._context.read(lambda connection: _owned(connection, caller.person_id))
        await self._work.stop(owned.work, PATIENCE_S)
        erased = await self._context.write(lambda connection: self._erase(connection, caller.person_id))
        for session in owned.sessions:
            self._end_session(session)
        for mailbox in owned.mailboxes:
            self._drop_tokens(mailbox)
        await self._work.forget(owned.work)
        return receipt.issue(self._attestation, erased, rewritten=await self.scrub())

    async def scrub(self) -> bool:
        """Rewrite the file if somebody was erased since it was rewritten last; whether nothing is left to rewrite."""
        began = now()
        if await self._context.read(_scrubbed) or self._context.engine.dialect.name != "sqlite":
            return True
        try:
            await asyncio.to_thread(engine.scrub, self._context.engine)
        except DatabaseRefused:
            _log.warning("erasure.not_rewritten_yet")
            return False
        await self._context.write(lambda connection: duties.done(connection, SCRUB, at=began))
        return True

    def _erase(self, connection: Connection, person_id: str) -> Erasure:
        # Recorded first: afterwards there is no key to make the pseudonym with.
        self._context.audit.record(connection, Event(Kind.ERASED, person=person_id))
        erased = self._context.vault.erase_key(connection, person_id)
        people.erase_rows(connection, person_id)
        return erased


def _owned(connection: Connection, person_id: str) -> _Owned:
    theirs = [mailbox.id for mailbox in mailboxes.of_person(connection, person_id)]
    runs = [run.id for one in theirs for run in move_runs.of_mailbox(connection, one)]
    looked = [scan.id for one in theirs for scan in scans.of_mailbox(connection, one)]
    programs = [key.id for key in api_keys.of_person(connection, person_id)]  # a key stands in its session's place
    return _Owned(theirs, looked + runs, sessions.ids_of_person(connection, person_id) + programs)


def _scrubbed(connection: Connection) -> bool:
    erased = people.tombstones(connection)
    return not erased or erased[-1].erased_at < duties.done_at(connection, SCRUB)
