"""The end of everything that is held about a person, and the receipt for it.

1. their scans and moves under way are told to stop, and the steps in flight waited for
2. one transaction: the event, the tombstone, the destroyed key, every row of theirs
3. their sessions are refused on this replica at once, on the others within five seconds; tokens in memory dropped
4. what durable work stored of them is deleted
5. the database file is rewritten, so that it holds none of the deleted bytes; if a transaction is in the way, later

After (2) nothing about the person opens any more, whatever becomes of the rest.
"""

from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Connection

from gateway.audit.attestation import Attestation
from gateway.audit.event import Event, Kind
from gateway.identity import recent
from gateway.identity.jwt import Principal
from gateway.organise.context import Context, now
from gateway.rights import receipt, rewriting
from gateway.rights.ends import Ends
from gateway.rights.receipt import Receipt
from gateway.store import api_keys, mailboxes, move_runs, people, scans, sessions
from gateway.vault.vault import Erasure
from gateway.work import Work

PATIENCE_S: Final = 20.0  # for a step in flight; longer than any call to Graph


class _Owned(NamedTuple):
    """Ids of what goes."""

    mailboxes: list[str]
    work: list[str]
    sessions: list[str]


class Erasures:
    """One per process."""

    def __init__(self, context: Context, work: Work, attestation: Attestation, ends: Ends) -> None:
        self._context = context
        self._work = work
        self._attestation = attestation
        self._ends = ends

    async def erase(self, caller: Principal) -> Receipt:
        """Erase the caller. Raises RecentSignInNeeded, AuditUnavailable; then nothing is erased."""
        await self._context.read(partial(recent.require, caller=caller, now=now()))
        owned = await self._context.read(lambda connection: _owned(connection, caller.person_id))
        await self._work.stop(owned.work, PATIENCE_S)
        erased = await self._context.write(lambda connection: self._erase(connection, caller.person_id))
        for session in owned.sessions:
            self._ends.session(session)
        for mailbox in owned.mailboxes:
            self._ends.tokens(mailbox)
        await self._work.forget(owned.work)
        return receipt.issue(self._attestation, erased, rewritten=await rewriting.rewrite(self._context))

    def _erase(self, connection: Connection, person_id: str) -> Erasure:
        # Recorded first: afterwards there is no key to make the pseudonym with.
        self._context.audit.record(connection, Event(Kind.ERASED, person=person_id))
        erased = self._context.vault.erase_key(connection, person_id)
        people.erase_rows(connection, person_id)
        rewriting.owe(connection)
        return erased


def _owned(connection: Connection, person_id: str) -> _Owned:
    theirs = [mailbox.id for mailbox in mailboxes.of_person(connection, person_id)]
    runs = [run.id for one in theirs for run in move_runs.of_mailbox(connection, one)]
    looked = [scan.id for one in theirs for scan in scans.of_mailbox(connection, one)]
    programs = [key.id for key in api_keys.of_person(connection, person_id)]  # a key stands in its session's place
    return _Owned(theirs, looked + runs, sessions.ids_of_person(connection, person_id) + programs)
