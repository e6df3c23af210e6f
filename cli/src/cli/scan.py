"""`mail-organiser scan PATH`: sorts a mailbox file offline, with the sentinel, classifier and decide of the gateway.

Nothing leaves this machine and nothing is written: the two engines run over mTLS with certificates of this run, and
what was learned from the file's folders is gone when it ends.
"""

import chassis  # noqa: F401  # isort: skip  # before grpc, which reads its ciphers while it is imported

import json
import secrets
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.progress import Progress

from chassis.errors import ServiceError
from cli import mail as mailbox
from cli import preview
from cli.ending import ending
from cli.engines import with_engines
from cli.exit_code import ExitCode
from cli.lessons import learned
from cli.mail import Mail, text_of
from cli.report import Report, sorted_in
from cli.sorted_message import Evidence, SortedMessage, counts
from cli.terminal import terminal
from gateway.organise.choice import FolderKey
from gateway.organise.decision import Decision, Hold, Keep, Move, Review, decide
from gateway.organise.halving import halving
from gateway.organise.judge import BATCH, Judge, Judgement, Learned
from gateway.organise.verdict import Verdict
from mail_organiser.columns import FolderText
from sandbox.seed_message import SeedMessage

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
    if mail.descriptions:
        report.say(f"It has no folders: {len(mail.folders)} starter folders are suggested instead, for you to look at")
    messages = _sorted(report, mail)
    _write(messages, form)
    return ExitCode.HELD if counts(messages)["held"] else ExitCode.DONE


def _sorted(report: Report, mail: Mail) -> list[SortedMessage]:
    """All that is to be sorted."""
    messages, seconds = with_engines(report, partial(_learn_and_sort, mail))
    report.say(sorted_in(len(mail.filed), len(mail.folders), len(messages), seconds))
    return messages


async def _learn_and_sort(mail: Mail, judge: Judge, bars: Progress) -> tuple[list[SortedMessage], float]:
    """All messages, and the seconds that they took once the engines were there."""
    key, began = secrets.token_bytes(32), time.monotonic()
    profile = await _learn(judge, mail, key, bars)
    messages = await _decide(judge, mail, Learned(profile, key), bars)
    return messages, time.monotonic() - began


async def _learn(judge: Judge, mail: Mail, key: bytes, bars: Progress) -> bytes:
    """The profile after all that is filed, in the order in which it came. What an engine can't take is left out."""
    task = bars.add_task("Learning from what is filed", total=len(mail.filed))
    profile = b""

    async def learn(part: Sequence[SeedMessage]) -> list[None]:
        nonlocal profile
        profile = await learned(judge, mail.folders, part, Learned(profile, key))
        return [None] * len(part)

    for start in range(0, len(mail.filed), BATCH):
        batch = mail.filed[start : start + BATCH]
        await halving(batch, learn, lambda _: None)
        bars.advance(task, len(batch))
    return profile


async def _decide(judge: Judge, mail: Mail, learned: Learned, bars: Progress) -> list[SortedMessage]:
    task = bars.add_task("Sorting", total=len(mail.inbox))
    texts = [FolderText(key, name, mail.descriptions.get(name)) for name, key in mail.folders.items()]
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
        console = terminal()
        held = [message for message in messages if message.decision == "held"]
        preview.show(console, messages, held, counts(messages))
    elif form == "json":
        json.dump([message.plain() for message in messages], sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        sys.stdout.writelines(json.dumps(message.plain()) + "\n" for message in messages)
    sys.stdout.flush()
