"""`mail-organiser evaluate PATH`: how right the choices would have been for the owner's own filed mail, offline.

Prequential: in the order in which the mail came, a few messages are chosen for, by the same two processes and over the
same mTLS as in a scan, then learned where their owner filed them. So no choice knows what it is measured with. Nothing
leaves this machine, and nothing is written but the diagram that was asked for.
"""

import json
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.progress import Progress

from chassis.errors import ServiceError
from cli import evaluation
from cli import mail as mailbox
from cli.accuracy import Answer, reliability
from cli.diagram import diagram
from cli.ending import ending
from cli.engines import with_engines
from cli.exit_code import ExitCode
from cli.lessons import learned
from cli.mail import Mail, text_of
from cli.report import Report
from cli.terminal import terminal
from cli.unusable import Unusable
from gateway.organise.halving import halving
from gateway.organise.judge import Judge, Judgement, Learned
from gateway.organise.verdict import Outcome
from mail_organiser.columns import FolderText
from sandbox.seed_message import SeedMessage


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options say. limit: of the newest messages. batch: how many are chosen for before they are learned."""

    form: str
    limit: int | None
    batch: int
    svg: Path | None


def run(path: Path, wanted: Wanted) -> ExitCode:
    """The exit code; HELD when something is."""
    report = Report()
    return ending(report, lambda: _run(report, path, wanted), (ServiceError,))


def _run(report: Report, path: Path, wanted: Wanted) -> ExitCode:
    _writable(wanted.svg)
    with report.doing(f"Reading {path}") as doing:
        mail = mailbox.read(path, None, 0, lambda number: doing(f"Reading {path}: {number:,} messages"))
    filed = _newest(path, mail, wanted.limit)
    report.say(f"{path}: {mail.summary}; {len(filed):,} filed ones to choose for, then learn, {wanted.batch} at a time")
    answers = with_engines(report, partial(_replayed, mail, filed, wanted.batch))
    _write(answers, wanted.form, wanted.svg)
    return ExitCode.HELD if any(answer.held for answer in answers) else ExitCode.DONE


def _writable(svg: Path | None) -> None:
    """Said before minutes of work, not after them."""
    if svg is not None and (svg.is_dir() or not svg.parent.is_dir()):
        raise Unusable(f"{svg} can't be used for --svg.", "It isn't a file in a folder that is there.", "Name a file.")


def _newest(path: Path, mail: Mail, limit: int | None) -> Sequence[SeedMessage]:
    if not mail.filed:
        raise Unusable(
            f"{path} can't be evaluated.",
            "No message in it is filed in a folder or under a label of its owner.",
            "Give an export that holds folders: mbox with labels, a Takeout, a Maildir or folders of .eml.",
        )
    return mail.filed[-limit:] if limit else mail.filed


async def _replayed(mail: Mail, filed: Sequence[SeedMessage], size: int, judge: Judge, bars: Progress) -> list[Answer]:
    """An answer for each message, in order. What an engine can't take is left unlearned, and held."""
    task = bars.add_task("Choosing, then learning", total=len(filed))
    replay = _Replay(judge, mail)
    for start in range(0, len(filed), size):
        await replay.choose_then_learn(filed[start : start + size])
        bars.advance(task, size)
    return replay.answers


class _Replay:
    """What was learned so far, and what was answered."""

    def __init__(self, judge: Judge, mail: Mail) -> None:
        self.answers: list[Answer] = []
        self._judge, self._mail = judge, mail
        self._names = {key: name for name, key in mail.folders.items()}
        self._known: dict[str, FolderText] = {}
        self._learned = Learned(b"", secrets.token_bytes(32))

    async def choose_then_learn(self, batch: Sequence[SeedMessage]) -> None:
        """Only folders that hold something already may be chosen, as on the day the mail came."""
        texts = [text_of(one) for one in batch]
        judgements = await self._judge.judge(texts, list(self._known.values()), self._learned)
        self.answers += [self._answer(*both) for both in zip(batch, judgements, strict=True)]
        await halving(batch, self._learn, lambda _: None)
        self._known |= {
            name: FolderText(self._mail.folders[name], name) for name in (each.folder or "" for each in batch)
        }

    async def _learn(self, batch: Sequence[SeedMessage]) -> list[None]:
        profile = await learned(self._judge, self._mail.folders, batch, self._learned)
        self._learned = Learned(profile, self._learned.feature_key)
        return [None] * len(batch)

    def _answer(self, message: SeedMessage, judgement: Judgement) -> Answer:
        verdict, choice = judgement
        chosen = None if choice.folder is None else self._names[choice.folder]
        filed = message.folder or ""
        held = verdict.outcome is Outcome.HELD
        return Answer(filed, chosen, choice.confidence, known=filed in self._known, held=held)


def _write(answers: Sequence[Answer], form: str, svg: Path | None) -> None:
    if svg is not None:
        svg.write_text(diagram({"your mail": reliability(answers)}), encoding="utf-8")
    if form == "table":
        evaluation.show(terminal(), answers)
    else:
        json.dump(evaluation.plain(answers), sys.stdout, indent=1)
        sys.stdout.write("\n")
    sys.stdout.flush()
