"""The end of everything that is held about one mailbox, and the receipt for it. Its owner stays, with their others.

1. one transaction: no messages are under way, or it is refused; its scans end as cancelled
2. the step in flight of such a scan is waited for
3. one transaction: the same again, the event, and every row of the mailbox, Microsoft's tokens and its API keys too
4. those keys are refused on this replica at once, on the others within five seconds; tokens in memory are dropped
5. what durable work stored of it is deleted, and the database file rewritten; if a transaction is in the way, later

What is under way at Microsoft is never abandoned: a run that moves messages has a journal until it has ended. What
was sealed goes as rows: their owner's key lives on, so a copy from before opens until the owner is erased.
"""

from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Connection

from chassis.errors import FailedPrecondition
from gateway.audit.attestation import Attestation
from gateway.audit.event import Event, Kind
from gateway.identity import recent
from gateway.identity.jwt import Principal
from gateway.organise import ended
from gateway.organise.context import Context, now
from gateway.rights import receipt, rewriting
from gateway.rights.ends import Ends
from gateway.rights.erasure import PATIENCE_S
from gateway.rights.receipt import MailboxReceipt
from gateway.store import api_keys, mailboxes, move_runs, scans
from gateway.store.codes import WorkState
from gateway.work import Work

UNDER_WAY: Final = "messages of this mailbox are being moved; disconnect it when that run has ended"


class _Gone(NamedTuple):
    """When its rows went (unix ms), and the ids of what else goes."""

    at: int
    work: list[str]
    keys: list[str]


class Disconnections:
    """One per process."""

    def __init__(self, context: Context, work: Work, attestation: Attestation, ends: Ends) -> None:
        self._context = context
        self._work = work
        self._attestation = attestation
        self._ends = ends

    async def disconnect(self, caller: Principal, mailbox_id: str) -> MailboxReceipt:
        """End it. Raises RecentSignInNeeded, FailedPrecondition, RowAbsent, AuditUnavailable; then nothing went."""
        await self._context.read(partial(recent.require, caller=caller, now=now()))
        stopped = await self._context.write(lambda connection: self._stop(connection, caller.person_id, mailbox_id))
        await self._work.stop(stopped, PATIENCE_S)
        gone = await self._context.write(lambda connection: self._remove(connection, caller.person_id, mailbox_id))
        for key in gone.keys:
            self._ends.session(key)
        self._ends.tokens(mailbox_id)
        await self._work.stop(gone.work, 0)
        await self._work.forget(gone.work)
        rewritten = await rewriting.rewrite(self._context)
        return receipt.issue_for_mailbox(
            self._attestation, caller.person_id, mailbox_id, gone_at=gone.at, rewritten=rewritten
        )

    def _stop(self, connection: Connection, person_id: str, mailbox_id: str) -> list[str]:
        """Ends its scans, with the mailbox held so that none begins; their ids."""
        mailboxes.lock(connection, mailbox_id)
        mailboxes.owned(connection, person_id, mailbox_id)
        if move_runs.unfinished(connection, mailbox_id):
            raise FailedPrecondition(UNDER_WAY)
        running = [scan.id for scan in scans.unfinished(connection, mailbox_id)]
        for scan_id in running:
            ended.finish(self._context, connection, scan_id, WorkState.CANCELLED)
        return running

    def _remove(self, connection: Connection, person_id: str, mailbox_id: str) -> _Gone:
        self._stop(connection, person_id, mailbox_id)
        looked = [scan.id for scan in scans.of_mailbox(connection, mailbox_id)]
        moved = [run.id for run in move_runs.of_mailbox(connection, mailbox_id)]
        keys = [key.id for key in api_keys.of_person(connection, person_id) if key.mailbox_id == mailbox_id]
        # Recorded before: afterwards nobody can tell whose mailbox it was.
        self._context.audit.record(connection, Event(Kind.MAILBOX_DISCONNECTED, mailbox=mailbox_id))
        mailboxes.remove(connection, mailbox_id)
        rewriting.owe(connection)
        return _Gone(now(), looked + moved, keys)
