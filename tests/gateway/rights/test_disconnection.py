"""Disconnecting one mailbox: everything about it goes, nothing of any other, and never while messages are moved."""

import asyncio
from collections.abc import Callable, Collection
from secrets import token_bytes
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, Engine, func, select

from chassis.errors import FailedPrecondition
from gateway.audit.event import Kind, Log
from gateway.audit.trail import AuditUnavailable
from gateway.identity.recent import RecentSignInNeeded
from gateway.organise import moves
from gateway.rights import receipt, rewriting
from gateway.rights.disconnection import Disconnections
from gateway.rights.ends import Ends
from gateway.store import audit, duties, ids, mailboxes, reading, rules, scan_charges, scans, sessions
from gateway.store.codes import MatcherKind, WorkState
from gateway.store.errors import RowAbsent
from gateway.store.mailboxes import Mailbox
from gateway.store.tables import METADATA, scan_charge

ROUNDS = 6


class Queue:
    """What durable work is told."""

    def __init__(self) -> None:
        self.stopped: list[str] = []
        self.forgotten: list[str] = []

    async def stop(self, subject_ids: Collection[str], _patience: float) -> None:
        self.stopped += subject_ids

    async def forget(self, subject_ids: Collection[str]) -> None:
        self.forgotten += subject_ids


class Leaving:
    """A person with two mailboxes, another person, and the way out."""

    def __init__(self, office: Any) -> None:
        self.office, self.queue, self.ended, self.dropped = office, Queue(), list[str](), list[str]()
        self.gone = office.person("gone")
        self.others = [office.another(self.gone, "second"), office.person("other")]
        queue: Any = self.queue
        ends = Ends(self.ended.append, self.dropped.append)
        self.disconnections = Disconnections(office.context, queue, office.attestation, ends)

    async def leave(self, mailbox: Mailbox | None = None) -> receipt.MailboxReceipt:
        wanted = mailbox or self.gone
        return await self.disconnections.disconnect(self.office.caller(wanted), wanted.id)

    def held(self, mailbox: Mailbox) -> dict[str, int]:
        """How many rows of each table that names a mailbox are about this one."""
        tables = {name: table for name, table in METADATA.tables.items() if "mailbox_id" in table.c}
        with reading(self.office.engine) as connection:
            return {name: _count(connection, table, mailbox.id) for name, table in tables.items()}

    def do(self, act: Callable[[Connection], Any]) -> Any:
        with self.office.engine.begin() as connection:
            return act(connection)


def _count(connection: Connection, table: Any, mailbox_id: str) -> int:
    query = select(func.count()).select_from(table).where(table.c.mailbox_id == mailbox_id)
    return connection.execute(query).scalar_one()


@pytest.fixture
def leaving(office: Any) -> Leaving:
    return Leaving(office)


async def test_every_row_of_the_mailbox_goes_and_no_other(leaving: Leaving) -> None:
    """Each table that held something about it holds nothing; the person's second mailbox is as it was."""
    before = [leaving.held(one) for one in leaving.others]
    assert 0 not in leaving.held(leaving.gone).values()
    given = await leaving.leave()
    assert set(leaving.held(leaving.gone).values()) == {0}
    assert [leaving.held(one) for one in leaving.others] == before
    with reading(leaving.office.engine) as connection:
        with pytest.raises(RowAbsent):
            mailboxes.get(connection, leaving.gone.id)
        last = audit.after(connection, Log.AUDIT, 0, limit=100)[-1]
    assert (last.kind, last.mailbox_mark is None) == (Kind.MAILBOX_DISCONNECTED, False)
    assert (given.person_id, given.mailbox_id) == (leaving.gone.person_id, leaving.gone.id)
    assert receipt.read(leaving.office.attestation, msgspec.json.encode(given)) == given


async def test_what_this_process_remembers_of_it_goes_too(leaving: Leaving) -> None:
    """Its API key, not the second mailbox's; its tokens; what durable work has of its scan and run."""
    keys = METADATA.tables["api_key"]
    own = select(keys.c.id).where(keys.c.mailbox_id == leaving.gone.id)
    (key,) = leaving.do(lambda connection: connection.execute(own).scalars().all())
    await leaving.leave()
    assert (leaving.ended, leaving.dropped) == ([key], [leaving.gone.id])
    assert [one[:4] for one in leaving.queue.forgotten] == ["scn_", "mov_"]


async def test_connected_again_it_is_a_new_one(leaving: Leaving) -> None:
    """The same account, the same person: nothing is in its way, and nothing of before is in it."""
    await leaving.leave()
    again = leaving.gone._replace(id=ids.new("mbx"))
    leaving.do(lambda connection: mailboxes.add(connection, again))
    assert set(leaving.held(again).values()) == {0}


async def test_not_while_messages_are_moved(leaving: Leaving) -> None:
    """409 in words; the run, its journal and a scan under way are as they were."""
    moving = lambda c: leaving.office.scanned(c, leaving.gone, "fld_1", ended=False)  # noqa: E731  # used once
    scan = leaving.do(moving)
    before = leaving.held(leaving.gone)
    with pytest.raises(FailedPrecondition, match="being moved"):
        await leaving.leave()
    assert leaving.held(leaving.gone) == before
    assert leaving.do(lambda connection: scans.by_id(connection, scan)).state is WorkState.QUEUED
    assert leaving.queue.stopped == []


async def test_a_scan_under_way_is_ended_first_and_given_back(leaving: Leaving) -> None:
    """Cancelled as its owner would: in the log, and off this month's count."""

    def begin(connection: Connection) -> str:
        made = scans.create(connection, leaving.gone.id, source_graph_id="inbox", now=1)
        scan_charges.add(connection, leaving.gone.person_id, made.id, 24_000)
        return made.id

    scan = leaving.do(begin)
    await leaving.leave()
    assert scan in leaving.queue.stopped
    charged = select(func.count()).where(scan_charge.c.scan_id == scan)
    assert leaving.do(lambda connection: connection.execute(charged).scalar_one()) == 0
    entries = leaving.do(lambda connection: audit.after(connection, Log.AUDIT, 0, limit=100))
    assert [(one.kind, one.reason) for one in entries if one.object_id == scan] == [(Kind.SCAN_FINISHED, "cancelled")]


async def test_an_old_sign_in_ends_nothing(leaving: Leaving) -> None:
    """A tab that was left open is not enough; nor is another person's sign-in."""
    caller = leaving.office.caller(leaving.gone)
    leaving.do(lambda connection: sessions.revoke_all(connection, leaving.gone.person_id, now=1))
    with pytest.raises(RecentSignInNeeded):
        await leaving.disconnections.disconnect(caller, leaving.gone.id)
    with pytest.raises(RowAbsent):
        await leaving.disconnections.disconnect(leaving.office.caller(leaving.others[1]), leaving.gone.id)
    assert 0 not in leaving.held(leaving.gone).values()


async def test_what_can_not_be_recorded_does_not_happen(leaving: Leaving, break_log: Callable[[Engine], None]) -> None:
    """With the audit log full, nothing goes."""
    before = leaving.held(leaving.gone)
    break_log(leaving.office.engine)
    with pytest.raises(AuditUnavailable):
        await leaving.leave()
    assert leaving.held(leaving.gone) == before


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_rule_made_at_that_moment_is_gone_or_refused(leaving: Leaving) -> None:
    """Whoever comes second: nobody is left with half of a mailbox, and nobody with a database error."""

    def rule(mailbox: Mailbox) -> None:
        made = (ids.new("rul"), mailbox.id, MatcherKind.SENDER, token_bytes(32), b"s", "fld_1", 1)
        leaving.do(lambda connection: rules.add(connection, rules.Rule(*made)))

    for number in range(ROUNDS):
        mailbox = leaving.office.another(leaving.gone, f"round {number}")
        made = [asyncio.to_thread(rule, mailbox) for _ in range(4)]
        first, *others = await asyncio.gather(leaving.leave(mailbox), *made, return_exceptions=True)
        assert isinstance(first, receipt.MailboxReceipt)
        assert {type(one) for one in others} <= {type(None), RowAbsent}
        assert set(leaving.held(mailbox).values()) == {0}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_an_approval_at_that_moment_moves_or_is_refused(leaving: Leaving) -> None:
    """Either the run is there and the mailbox stays, or both are gone: no message moves without a journal."""
    seen = set()
    for number in range(ROUNDS):
        mailbox = leaving.office.another(leaving.gone, f"round {number}")
        (scan,) = leaving.do(lambda connection, of=mailbox: scans.of_mailbox(connection, of.id))
        asked = moves.approve(leaving.office.context, mailbox.id, scan.id, revision=scan.revision, key="k", only=set())
        left, approved = await asyncio.gather(leaving.leave(mailbox), asked, return_exceptions=True)
        outcome = (type(left), type(approved))
        seen.add(outcome)
        assert outcome in {(receipt.MailboxReceipt, RowAbsent), (FailedPrecondition, moves.MoveRun)}


async def test_the_rewriting_is_owed_by_the_deletion_itself(leaving: Leaving) -> None:
    """A crash before it forgets nothing, and what came while the file was rewritten is owed still."""
    owed = lambda: leaving.do(lambda c: duties.owed_since(c, rewriting.REWRITING))  # noqa: E731  # asked again and again
    assert owed() is None
    leaving.do(lambda c: leaving.disconnections._remove(c, leaving.gone.person_id, leaving.gone.id))
    first = owed()
    assert first is not None
    leaving.do(lambda c: duties.owe(c, rewriting.REWRITING, at=first + 1))
    assert not leaving.do(lambda c: duties.paid(c, rewriting.REWRITING, owed=first, at=first + 2))
    assert owed() == first + 1
    assert await rewriting.rewrite(leaving.office.context)
    assert owed() is None or leaving.office.engine.dialect.name == "postgresql"
