"""A scan: learns from the owner's folders, then reads a folder page by page and saves a decision for each message.

A page is one step: read, ask the rules, inspect, classify what no rule settles, decide, save. A step that runs again
after a crash finds what it saved and goes on; nothing has moved when a scan is done.
"""

from collections.abc import Sequence
from dataclasses import astuple, replace
from time import monotonic_ns
from typing import Final, assert_never

from sqlalchemy import Connection

from gateway.clients.classifier import ProfileRefused
from gateway.graph.errors import LinkRefused, SyncStateLost
from gateway.graph.message import GraphFolderId, Message, MessageId
from gateway.graph.reader import Page
from gateway.organise import corrections, correspondents, ended, learn, profile, quota
from gateway.organise.account import Account
from gateway.organise.choice import Choice, FolderKey
from gateway.organise.context import Context
from gateway.organise.decision import Decision, Hold, Keep, Move, Review, decide
from gateway.organise.examples import Example, Memory
from gateway.organise.folders import Folder, chosen
from gateway.organise.judge import BATCH, Asking, Judgement
from gateway.organise.learn import Filed
from gateway.organise.ruling import Ruling, rulings
from gateway.organise.texts import text_of
from gateway.organise.verdict import Verdict
from gateway.store import decisions, mailboxes, scans
from gateway.store.codes import DecisionKind, Progress, WorkState
from gateway.store.decisions import NewDecision
from gateway.store.errors import IllegalTransition
from gateway.store.scans import Scan
from gateway.vault.vault import Cell
from gateway.work import Json, StepFailed, Steps

PAGE = 500  # messages a step; two batches to sentinel, and a crash repeats at most these
MAX_FINDINGS = 50  # of one message: evidence for a person, not a transcript
MAX_PAGES = 2000  # a million messages: a bound on a mailbox that pages for ever
SPARE_PAGES = 4  # with nothing new, beyond those that walks from the start repeat when Graph lost its place
MAX_ROUNDS = 4  # walks from the start


class ScanWorkflow:
    """The workflow of one scan; the id that it is given is the scan's."""

    NAME = "scan"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._memory = Memory(context.judge.sentinel)

    async def run(self, steps: Steps, scan_id: str) -> None:
        """Begin, learn, page after page, finish. A failed step ends the scan as failed, with its code.

        One that its owner pauses stands down after a page; a scan that is paused or has ended is not begun.
        """
        try:
            if await steps.run("begin", self.begin, scan_id) is None:
                return
            await steps.run("learn", self.learn, scan_id)
            if await self._pages(steps, scan_id):
                await steps.run("finish", self.finish, scan_id, WorkState.DONE, "")
        except StepFailed as failure:
            await steps.run("finish", self.finish, scan_id, WorkState.FAILED, failure.code)
        finally:
            self._memory.forget(scan_id)

    async def _pages(self, steps: Steps, scan_id: str) -> bool:
        """Whether the last one was decided."""
        for number in range(MAX_PAGES):
            more = await steps.run("page", self.page, scan_id, number)
            if not more:
                return more is not None
        raise StepFailed("too_many_pages")  # what is left was not looked at: that is no preview of the folder

    async def begin(self, scan_id: str) -> Json:
        """Marks the scan as running and counts what there is to read; None when it is paused or has ended."""
        scan = await self._scan(scan_id)
        folders = await self._context.graph(scan.mailbox_id).reader.folders()
        total = next((folder.total for folder in folders if folder.id == scan.source_graph_id), 0)
        looked_at = total if scan.most is None else min(total, scan.most)
        try:
            await self._context.write(lambda connection: scans.start(connection, scan_id, total=looked_at))
        except IllegalTransition:
            return None
        return looked_at

    async def learn(self, scan_id: str) -> Json:
        """Learns from the chosen folders what is new there; all of it again if what was learned can't be used.

        Before that, to whom the owner wrote.
        """
        scan = await self._scan(scan_id)
        await correspondents.refresh(self._context, scan.mailbox_id)
        try:
            return await self._learn(scan)
        except ProfileRefused:
            return await self._learn_anew(scan)

    async def page(self, scan_id: str, number: int) -> Json:
        """Decides one page; whether there is another, None when the scan was paused or ended by its owner.

        A page that was saved before is not read again.
        """
        scan = await self._scan(scan_id)
        if scan.progress is not Progress.RUNNING:
            return None
        if scan.pages <= number:
            begun = monotonic_ns()
            page = _within(await self._read(scan), scan)
            rows = await self._decided_or_learned_anew(scan, page)
            pace_us = _pace(begun, len(rows))
            await self._context.write(lambda connection: self._save(connection, scan, rows, page, pace_us))
            scan = await self._scan(scan_id)
        return scan.cursor_sealed is not None

    async def finish(self, scan_id: str, state: str, code: str) -> Json:
        """Closes the scan, as soon as that can be written."""
        await self._context.insist(
            lambda connection: ended.finish(
                self._context, connection, scan_id, WorkState(state), error_code=code or None
            )
        )
        return None

    async def _scan(self, scan_id: str) -> Scan:
        return await self._context.read(lambda connection: scans.by_id(connection, scan_id))

    async def _read(self, scan: Scan) -> Page:
        """The next page; when Graph has forgotten the place, the first one again: a message is decided once."""
        reader = self._context.graph(scan.mailbox_id).reader
        folder = GraphFolderId(scan.source_graph_id)
        first = reader.first_page(folder, PAGE, total=scan.total)
        if scan.cursor_sealed is None:
            return await reader.page(first)
        url = await self._context.read(lambda connection: self._cursor(connection, scan))
        try:
            return await reader.page(reader.resumed(folder, url, PAGE, page=scan.pages + 1))
        except SyncStateLost:
            return await reader.page(first)

    async def _targets(self, scan: Scan) -> list[Folder]:
        """The folders that a message may go to; the scanned one is none: what fits nowhere else simply stays."""
        return [one for one in await chosen(self._context, scan.mailbox_id) if one.graph_id != scan.source_graph_id]

    async def _learn(self, scan: Scan) -> int:
        filed = await learn.read(self._context, scan.mailbox_id, await self._targets(scan))
        if (await quota.terms(self._context, await self._context.owner(scan.mailbox_id))).on:
            self._memory.keep(scan.id, _examples(filed))
        return await learn.learn(self._context, scan.mailbox_id, scan.id, filed)

    async def _asking(self, scan: Scan, folders: Sequence[Folder]) -> Asking | None:
        """With whose account a provider may be asked, and what it is shown; None when there is no provider."""
        person = await self._context.owner(scan.mailbox_id)
        terms = await quota.terms(self._context, person)
        if not terms.on:
            return None

        async def read() -> list[Example]:
            return _examples(await learn.read(self._context, scan.mailbox_id, folders))

        return Asking(Account(self._context, person, terms), await self._memory.of(scan.id, read))

    async def _learn_anew(self, scan: Scan) -> int:
        await profile.discard(self._context, scan.mailbox_id)
        return await self._learn(scan)

    async def _decided_or_learned_anew(self, scan: Scan, page: Page) -> list[NewDecision]:
        try:
            return await self._decided(scan, page)
        except ProfileRefused:
            await self._learn_anew(scan)
            return await self._decided(scan, page)

    async def _decided(self, scan: Scan, page: Page) -> list[NewDecision]:
        folders = await self._targets(scan)
        source = GraphFolderId(scan.source_graph_id)
        ruled = await rulings(self._context, scan.mailbox_id, source, page.messages, folders)
        judgements = await self._judged(scan, page, folders, ruled)
        verdicts = [verdict for verdict, _ in judgements]
        corrected = await corrections.corrected(self._context, scan.mailbox_id, page.messages, verdicts)
        rows = [
            _row(message, judgement, ruling, corrected=said)
            for message, judgement, ruling, said in zip(page.messages, judgements, ruled, corrected, strict=True)
        ]
        return rows + [_unreadable(broken.id) for broken in page.broken if broken.id is not None]

    async def _judged(
        self, scan: Scan, page: Page, folders: Sequence[Folder], ruled: Sequence[Ruling]
    ) -> list[Judgement]:
        """Batch by batch; of what a rule settles, no model is asked."""
        current = await profile.load(self._context, scan.mailbox_id)
        texts = [folder.text for folder in folders]
        asking = await self._asking(scan, folders)
        judgements: list[Judgement] = []
        for start in range(0, len(page.messages), BATCH):
            batch = [text_of(message) for message in page.messages[start : start + BATCH]]
            settled = [one.match is not None for one in ruled[start : start + BATCH]]
            judgements += await self._context.judge.judge(batch, texts, current.learned, asking, settled=settled)
        return judgements

    def _save(
        self, connection: Connection, scan: Scan, rows: Sequence[NewDecision], page: Page, pace_us: int | None
    ) -> None:
        new = decisions.save(connection, scan.id, rows)
        if rows and not new:
            _refuse_circles(scan, len(rows))
        sealed = None
        if page.next is not None:
            cell = Cell("scan", scan.id, "cursor_sealed")
            person = self._person(connection, scan.mailbox_id)
            sealed = self._context.vault.seal(connection, person, cell, page.next.url.encode())
        scans.turn_page(connection, scan.id, from_page=scan.pages, cursor_sealed=sealed, pace_us=pace_us)

    def _cursor(self, connection: Connection, scan: Scan) -> str:
        person = self._person(connection, scan.mailbox_id)
        cell = Cell("scan", scan.id, "cursor_sealed")
        return self._context.vault.open(connection, person, cell, scan.cursor_sealed or b"").decode()

    @staticmethod
    def _person(connection: Connection, mailbox_id: str) -> str:
        return mailboxes.get(connection, mailbox_id).person_id


def _examples(filed: Sequence[Filed]) -> list[Example]:
    return [Example(text_of(one.message), one.folder) for one in filed]


def _pace(begun: int, messages: int) -> int | None:
    """Microseconds for each of so many messages since `begun` (monotonic, ns); None of none."""
    return (monotonic_ns() - begun) // 1000 // messages if messages else None


def _within(page: Page, scan: Scan) -> Page:
    """As much of a page as the scan still looks at; the last of it ends the walk."""
    if scan.most is None:
        return page
    room = max(0, scan.most - scan.done)
    messages = page.messages[:room]
    broken = page.broken[: room - len(messages)]
    more = len(messages) + len(broken) < room
    return replace(page, messages=messages, broken=broken, next=page.next if more else None)


def _refuse_circles(scan: Scan, size: int) -> None:
    """A page that brought nothing new is an end of a circle once there were more pages than walks from the start need.

    Graph's tokens differ each time, so no two links of a circle need be alike.
    """
    walk = -(-scan.done // size)  # pages of this size that hold what is decided
    if scan.pages >= SPARE_PAGES + MAX_ROUNDS * walk:
        raise LinkRefused


def _row(message: Message, judgement: Judgement, ruling: Ruling, *, corrected: bool) -> NewDecision:
    """A decision as the store keeps it: codes and numbers."""
    verdict, choice = judgement
    decision = decide(verdict, choice, match=ruling.match, corrected=corrected)
    folder, confidence, engine = _details(decision)
    return NewDecision(
        message_id=message.id,
        kind=_KINDS[type(decision)],
        folder_id=folder,
        confidence=confidence,
        risk=verdict.risk,
        reason=decision.reason,
        engine=engine,
        sender_hash=ruling.groups.sender_hash,
        list_hash=ruling.groups.list_hash,
        organisation_hash=ruling.groups.organisation_hash,
        ruled_by=decision.by if isinstance(decision, Move | Keep) else None,
        findings=tuple(decisions.Finding(*astuple(finding)) for finding in verdict.findings[:MAX_FINDINGS]),
    )


def _unreadable(message_id: MessageId) -> NewDecision:
    """Of a message that Graph's answer garbled: nothing could inspect it, so it is held where it is."""
    hold = decide(Verdict.unjudged(), Choice.none())
    return NewDecision(message_id, DecisionKind.HOLD, None, None, 1.0, hold.reason, "none", b"")


def _details(decision: Decision) -> tuple[FolderKey | None, float | None, str]:
    match decision:
        case Move() | Review():
            return decision.folder, decision.confidence, decision.engine
        case Keep():
            return None, decision.confidence, decision.engine
        case Hold():
            return None, None, "none"
        case _ as unreachable:
            assert_never(unreachable)


_KINDS: Final = {
    Move: DecisionKind.MOVE,
    Keep: DecisionKind.KEEP,
    Review: DecisionKind.REVIEW,
    Hold: DecisionKind.HOLD,
}
