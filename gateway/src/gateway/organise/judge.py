"""Asks sentinel, then classifier, about a batch. Nothing uninspected goes on; one poisoned message fails alone.

A peer that is down or late raises and nothing is decided: the mail stays where it is. A batch that a peer can't take
is halved until the culprit stands alone, and the culprit is held.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.clients.classifier import ClassifierClient
from gateway.clients.sentinel import Inspection, Purpose, SentinelClient
from gateway.organise.choice import Choice
from gateway.organise.halving import halving
from gateway.organise.verdict import Outcome, Verdict
from mail_organiser.columns import FolderText, MessageText

BATCH = 256  # messages in one Inspect and one Classify; 130 times cheaper than one by one, and far under every limit

Judgement = tuple[Verdict, Choice]


@dataclass(frozen=True, slots=True)
class Learned:
    """What the classifier needs of a person: the profile's bytes (empty at first) and the key of its features."""

    profile: bytes
    feature_key: bytes


@dataclass(frozen=True, slots=True)
class Judge:
    """Sentinel and classifier, asked in this order."""

    sentinel: SentinelClient
    classifier: ClassifierClient

    async def judge(
        self,
        messages: Sequence[MessageText],
        folders: Sequence[FolderText],
        learned: Learned,
    ) -> list[Judgement]:
        """A verdict and a choice for each message, in order. Raises what chassis.errors names when a peer is away."""

        async def batch(part: Sequence[MessageText]) -> list[Judgement]:
            return await self._judge_batch(part, folders, learned)

        return await halving(messages, batch, lambda _: (Verdict.unjudged(), Choice.none()))

    async def _judge_batch(
        self,
        messages: Sequence[MessageText],
        folders: Sequence[FolderText],
        learned: Learned,
    ) -> list[Judgement]:
        inspection = await self.sentinel.inspect(messages, folders, Purpose.CLASSIFY)
        choices = iter(await self._choices(inspection, messages, folders, learned))
        return [
            (verdict, Choice.none() if verdict.outcome is Outcome.HELD else next(choices))
            for verdict in inspection.messages
        ]

    async def _choices(
        self,
        inspection: Inspection,
        messages: Sequence[MessageText],
        folders: Sequence[FolderText],
        learned: Learned,
    ) -> list[Choice]:
        """Choices for the messages that are not held; only folders that sentinel found clean may be chosen."""
        readable = [
            message
            for message, verdict in zip(messages, inspection.messages, strict=True)
            if verdict.outcome is not Outcome.HELD
        ]
        open_folders = [folder for folder, clean in zip(folders, inspection.clean_folders, strict=True) if clean]
        if not readable or not open_folders:
            return [Choice.none() for _ in readable]
        return await self.classifier.classify(
            inspection.word,
            readable,
            open_folders,
            profile=learned.profile,
            feature_key=learned.feature_key,
        )
