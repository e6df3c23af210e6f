"""`mail-organiser scan PATH`: sorts a mailbox file offline, with the sentinel, classifier and decide of the gateway.

Nothing leaves this machine and nothing is written: the two engines run over mTLS with certificates of this run, and
what was learned from the file's folders is gone when it ends.
"""

import chassis  # noqa: F401  # isort: skip  # before grpc, which reads its ciphers while it is imported

import asyncio
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import grpc
from rich.console import Console
from rich.progress import Progress

from chassis.channel import open_channel
from chassis.errors import ServiceError
from cli import interrupt, preview
from cli import mail as mailbox
from cli.child import Child, ChildFailed, stop_all
from cli.ending import ending
from cli.exit_code import ExitCode
from cli.house import CLASSIFIER, GATEWAY, HOST, SENTINEL, House, Ports
from cli.mail import Mail, text_of
from cli.place import Place
from cli.report import Report, sorted_in
from cli.sorted_message import Evidence, SortedMessage, counts
from gateway.clients.classifier import ClassifierClient
from gateway.clients.sentinel import Purpose, SentinelClient
from gateway.organise.choice import FolderKey
from gateway.organise.decision import Decision, Hold, Keep, Move, Review, decide
from gateway.organise.halving import halving
from gateway.organise.judge import BATCH, Judge, Judgement, Learned
from gateway.organise.verdict import Outcome, Verdict
from mail_organiser.columns import FolderText
from sandbox.seed_message import SeedMessage

CONNECT_SECONDS = 60.0  # the engines take two seconds to start, ten on a busy machine
WATCH_SECONDS = 0.2
WIDTH = 120  # columns when stdout is no terminal and COLUMNS doesn't say

_NAMES = {Move: "move", Keep: "keep", Review: "review", Hold: "held"}


def run(path: Path, *, folders: Path | None, form: str, limit: int | None) -> ExitCode:
    """The exit code; HELD when something is."""
    report = Report()
    return ending(report, lambda: _run(report, path, folders, form, limit), (ServiceError,))


def _run(report: Report, path: Path, folders: Path | None, form: str, limit: int | None) -> ExitCode:
    with report.doing(f"Reading {path}") as doing:
        mail = mailbox.read(path, folders, limit, lambda number: doing(f"Reading {path}: {number:,} messages"))
    report.say(f"{path}: {mail.summary}; {len(mail.inbox):,} to sort into {len(mail.folders)} folders")
    if not mail.filed:
        report.say("No message in it is filed, so there is nothing to learn where mail belongs: none will be moved")
    messages = _sorted(report, mail)
    _write(messages, form)
    return ExitCode.HELD if counts(messages)["held"] else ExitCode.DONE


def _sorted(report: Report, mail: Mail) -> list[SortedMessage]:
    """All that is to be sorted. Sentinel and classifier run as processes of their own, for this run only."""
    with interrupt.in_good_order(), ExitStack() as stack:
        try:
            messages, seconds = _with_engines(stack, mail, report)
        finally:
            interrupt.no_more()
    report.say(sorted_in(len(mail.filed), len(mail.folders), len(messages), seconds))
    return messages


def _with_engines(stack: ExitStack, mail: Mail, report: Report) -> tuple[list[SortedMessage], float]:
    root = stack.enter_context(tempfile.TemporaryDirectory(prefix="mail-organiser-"))
    ports = Ports.choose(0)
    house = House(Place.make(Path(root)), ports, seed="")
    house.renew()
    children = house.engines()
    for child in children:
        stack.callback(child.stop)
        child.start()
    stack.callback(stop_all, children)
    with report.bars() as bars:
        return interrupt.run(_learn_and_sort(house, ports, children, mail, bars))


async def _learn_and_sort(
    house: House, ports: Ports, children: Sequence[Child], mail: Mail, bars: Progress
) -> tuple[list[SortedMessage], float]:
    """All messages, and the seconds that they took once the engines were there."""
    async with _judge(house, ports, children, bars) as judge:
        key, began = secrets.token_bytes(32), time.monotonic()
        profile = await _learn(judge, mail, key, bars)
        messages = await _decide(judge, mail, Learned(profile, key), bars)
        return messages, time.monotonic() - began


@asynccontextmanager
async def _judge(house: House, ports: Ports, children: Sequence[Child], bars: Progress) -> AsyncIterator[Judge]:
    tls = house.files(GATEWAY)
    async with (
        open_channel(f"{HOST}:{ports.sentinel}", tls, SENTINEL) as sentinel,
        open_channel(f"{HOST}:{ports.classifier}", tls, CLASSIFIER) as classifier,
    ):
        task = bars.add_task("Starting sentinel and classifier", total=None)
        await _ready((sentinel, classifier), children)
        bars.remove_task(task)
        yield Judge(SentinelClient(sentinel), ClassifierClient(classifier))


async def _ready(channels: Sequence[grpc.aio.Channel], children: Sequence[Child]) -> None:
    """Waits for both; an engine that refuses to start says why by ChildFailed."""
    end = time.monotonic() + CONNECT_SECONDS
    waiting = {asyncio.ensure_future(channel.channel_ready()) for channel in channels}
    try:
        while (await asyncio.wait(waiting, timeout=WATCH_SECONDS))[1]:
            for child in children:
                child.watch()
            if time.monotonic() > end:
                raise ChildFailed(f"sentinel and classifier did not answer within {CONNECT_SECONDS:.0f} s")
    finally:
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _learn(judge: Judge, mail: Mail, key: bytes, bars: Progress) -> bytes:
    """The profile after all that is filed, in the order in which it came. What an engine can't take is left out."""
    task = bars.add_task("Learning from what is filed", total=len(mail.filed))
    profile = b""

    async def learn(part: Sequence[SeedMessage]) -> list[None]:
        nonlocal profile
        profile = await _learned(judge, mail.folders, part, Learned(profile, key))
        return [None] * len(part)

    for start in range(0, len(mail.filed), BATCH):
        batch = mail.filed[start : start + BATCH]
        await halving(batch, learn, lambda _: None)
        bars.advance(task, len(batch))
    return profile


async def _learned(judge: Judge, folders: dict[str, FolderKey], batch: Sequence[SeedMessage], before: Learned) -> bytes:
    """The profile, extended by what of the batch is clean."""
    inspection = await judge.sentinel.inspect([text_of(one) for one in batch], [], Purpose.LEARN)
    verdicts = zip(batch, inspection.messages, strict=True)
    clean = [message for message, verdict in verdicts if verdict.outcome is Outcome.CLEAN]
    if not clean:
        return before.profile
    labels = [folders[message.folder or ""] for message in clean]
    texts = [text_of(one) for one in clean]
    learned = await judge.classifier.learn(
        inspection.word, texts, labels, profile=before.profile, feature_key=before.feature_key
    )
    return learned.data


async def _decide(judge: Judge, mail: Mail, learned: Learned, bars: Progress) -> list[SortedMessage]:
    task = bars.add_task("Sorting", total=len(mail.inbox))
    texts = [FolderText(key, name) for name, key in mail.folders.items()]
    names = {key: name for name, key in mail.folders.items()}
    messages: list[SortedMessage] = []
    for start in range(0, len(mail.inbox), BATCH):
        batch = mail.inbox[start : start + BATCH]
        judgements = await judge.judge([text_of(one) for one in batch], texts, learned)
        rows = enumerate(zip(batch, judgements, strict=True), start=start)
        messages += [_message(number, seed, judgement, names) for number, (seed, judgement) in rows]
        bars.advance(task, len(batch))
    return messages


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
        console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH, highlight=False)
        held = [message for message in messages if message.decision == "held"]
        preview.show(console, messages, held, counts(messages))
    elif form == "json":
        json.dump([message.plain() for message in messages], sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        sys.stdout.writelines(json.dumps(message.plain()) + "\n" for message in messages)
    sys.stdout.flush()
