"""`mail-organiser scan PATH`: sorts a mailbox file offline, with the sentinel, classifier and decide of the gateway.

Nothing leaves this machine and nothing is written: the two engines run over mTLS with certificates of this run, and
what was learned from the file's folders is gone when it ends.
"""

import asyncio
import json
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chassis.channel import open_channel
from chassis.errors import ServiceError
from cli import preview
from cli.child import ChildFailed
from cli.house import CLASSIFIER, GATEWAY, HOST, SENTINEL, House, Ports
from cli.place import Place
from cli.sorted_message import Evidence, SortedMessage, counts
from gateway.clients.classifier import ClassifierClient
from gateway.clients.sentinel import Purpose, SentinelClient
from gateway.organise.choice import FolderKey
from gateway.organise.decision import Decision, Hold, Keep, Move, Review, decide
from gateway.organise.judge import BATCH, Judge, Judgement, Learned
from gateway.organise.verdict import Outcome, Verdict
from mail_organiser.columns import MAX_RECIPIENTS, FolderText, MessageText
from sandbox import seeds
from sandbox.seed_message import SeedMessage

OK, FAILED, HELD = 0, 1, 3
CONNECT_SECONDS = 30.0
MAX_FOLDERS = 200  # of a mailbox; as gateway.organise.folders
WIDTH = 150  # columns when stdout is no terminal

_NAMES = {Move: "move", Keep: "keep", Review: "review", Hold: "held"}


@dataclass(frozen=True, slots=True)
class Mail:
    """A mailbox in memory: what is filed (oldest first), what is to be sorted, and the folders' names by key."""

    filed: Sequence[SeedMessage]
    inbox: Sequence[SeedMessage]
    folders: dict[str, FolderKey]
    summary: str


def run(path: Path, *, folders: Path | None, form: str, limit: int | None) -> int:
    """The exit code: 0, 1 when it failed, 3 when something is held."""
    console = Console(stderr=True, highlight=False)
    try:
        with console.status("Reading the mailbox"):
            mail = _read(path, folders, limit)
        console.print(f"{path}: {mail.summary}; {len(mail.inbox)} to sort, {len(mail.folders)} folders", markup=False)
        messages = asyncio.run(_sorted(mail, console))
    except (seeds.UnreadableMailbox, ChildFailed, ServiceError, TimeoutError, OSError) as error:
        console.print(f"mail-organiser: {error or type(error).__name__}", style="red", markup=False)
        return FAILED
    _write(messages, form)
    return HELD if counts(messages)["held"] else OK


def _read(path: Path, folders: Path | None, limit: int | None) -> Mail:
    reading = seeds.read(path)
    filed: list[SeedMessage] = []
    inbox: list[SeedMessage] = []
    for message in reading:
        (inbox if message.folder is None else filed).append(message)
    names = dict.fromkeys(message.folder for message in filed if message.folder is not None)
    if folders is not None:
        names |= dict.fromkeys(
            line.strip() for line in folders.read_text(encoding="utf-8").splitlines() if line.strip()
        )
    keys = {name: FolderKey(f"fld_{number}") for number, name in enumerate(islice(names, MAX_FOLDERS))}
    kept = [message for message in filed if message.folder in keys]
    kept.sort(key=lambda message: message.received_at)
    return Mail(kept, inbox[:limit], keys, reading.summary())


async def _sorted(mail: Mail, console: Console) -> list[SortedMessage]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        async with _engines() as judge:
            key = secrets.token_bytes(32)
            profile = await _learn(judge, mail, key, bar)
            return await _judge(judge, mail, Learned(profile, key), bar)


@asynccontextmanager
async def _engines() -> AsyncIterator[Judge]:
    """Sentinel and classifier as processes of their own, reachable for this run only."""
    with ExitStack() as stack:
        root = stack.enter_context(tempfile.TemporaryDirectory(prefix="mail-organiser-"))
        ports = Ports.choose(0)
        house = House(Place.make(Path(root)), ports, seed="")
        house.renew()
        for child in house.engines():
            child.start()
            stack.callback(child.stop)
        tls = house.files(GATEWAY)
        async with (
            open_channel(f"{HOST}:{ports.sentinel}", tls, SENTINEL) as sentinel,
            open_channel(f"{HOST}:{ports.classifier}", tls, CLASSIFIER) as classifier,
        ):
            await asyncio.wait_for(
                asyncio.gather(sentinel.channel_ready(), classifier.channel_ready()), CONNECT_SECONDS
            )
            yield Judge(SentinelClient(sentinel), ClassifierClient(classifier))


async def _learn(judge: Judge, mail: Mail, key: bytes, bar: Progress) -> bytes:
    """The profile after all that is filed, in the order in which it came."""
    task = bar.add_task("Learning from what is filed", total=len(mail.filed))
    profile = b""
    for start in range(0, len(mail.filed), BATCH):
        batch = mail.filed[start : start + BATCH]
        inspection = await judge.sentinel.inspect([_text(one) for one in batch], [], Purpose.LEARN)
        verdicts = zip(batch, inspection.messages, strict=True)
        clean = [message for message, verdict in verdicts if verdict.outcome is Outcome.CLEAN]
        if clean:
            labels = [mail.folders[message.folder or ""] for message in clean]
            texts = [_text(one) for one in clean]
            learned = await judge.classifier.learn(inspection.word, texts, labels, profile=profile, feature_key=key)
            profile = learned.data
        bar.advance(task, len(batch))
    return profile


async def _judge(judge: Judge, mail: Mail, learned: Learned, bar: Progress) -> list[SortedMessage]:
    task = bar.add_task("Sorting", total=len(mail.inbox))
    texts = [FolderText(key, name) for name, key in mail.folders.items()]
    names = {key: name for name, key in mail.folders.items()}
    messages: list[SortedMessage] = []
    for start in range(0, len(mail.inbox), BATCH):
        batch = mail.inbox[start : start + BATCH]
        judgements = await judge.judge([_text(one) for one in batch], texts, learned)
        rows = enumerate(zip(batch, judgements, strict=True), start=start)
        messages += [_message(number, seed, judgement, names) for number, (seed, judgement) in rows]
        bar.advance(task, len(batch))
    return messages


def _text(seed: SeedMessage) -> MessageText:
    recipients = tuple(recipient.address for recipient in seed.recipients[:MAX_RECIPIENTS])
    return MessageText(seed.subject, seed.sender_name, seed.sender_address, seed.list_id, recipients)


def _message(number: int, seed: SeedMessage, judgement: Judgement, names: dict[FolderKey, str]) -> SortedMessage:
    verdict, choice = judgement
    decision = decide(verdict, choice)
    folder, confidence = _details(decision)
    return SortedMessage(
        id=str(number),
        subject=seed.subject,
        sender_name=seed.sender_name,
        sender_address=seed.sender_address,
        decision=_NAMES[type(decision)],
        folder=names.get(folder) if folder else None,
        confidence=confidence,
        reason=decision.reason,
        risk=verdict.risk,
        findings=_evidence(verdict),
    )


def _details(decision: Decision) -> tuple[FolderKey | None, float]:
    if isinstance(decision, Hold):
        return None, 0.0
    return (None if isinstance(decision, Keep) else decision.folder), decision.confidence


def _evidence(verdict: Verdict) -> tuple[Evidence, ...]:
    return tuple(Evidence(f.technique, f.field, f.start, f.end, f.weight, f.rule_id) for f in verdict.findings)


def _write(messages: Sequence[SortedMessage], form: str) -> None:
    if form == "table":
        console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
        preview.show(console, messages, counts(messages))
        return
    rows = [message.plain() for message in messages]
    lines: Iterator[str] = iter([json.dumps(rows, indent=1)]) if form == "json" else (json.dumps(row) for row in rows)
    for line in lines:
        sys.stdout.write(line + "\n")
