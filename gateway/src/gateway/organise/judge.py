"""Asks sentinel, then classifier, about a batch. Nothing uninspected goes on; one poisoned message fails alone.

A peer that is down or late raises and nothing is decided: the mail stays where it is. A batch that a peer can't take
is halved until the culprit stands alone, and the culprit is held.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chassis.errors import FailedPrecondition, InvalidArgument, PermissionDenied
from gateway.clients.classifier import Classified, ClassifierClient, Offer
from gateway.clients.sentinel import Purpose, SentinelClient, Word
from gateway.organise.choice import Choice
from gateway.organise.examples import Showing
from gateway.organise.halving import halving
from gateway.organise.verdict import Outcome, Verdict
from gateway.store.spending import NOTHING, Reserved, Spending
from mail_organiser.columns import FolderText, MessageText

BATCH = 256  # messages in one Inspect and one Classify; 130 times cheaper than one by one, and far under every limit

Judgement = tuple[Verdict, Choice]
_Asked = tuple[MessageText, bool]  # whether it is settled


@dataclass(frozen=True, slots=True)
class Learned:
    """What the classifier needs of a person: the profile's bytes (empty at first) and the key of its features."""

    profile: bytes
    feature_key: bytes


# What the classifier refuses before it asks anybody: nothing was spent.
UNSPENT = (InvalidArgument, FailedPrecondition, PermissionDenied)


class Account(Protocol):
    """A person's account with the provider."""

    async def reserve(self, messages: int, folders: Sequence[FolderText]) -> Reserved:
        """Room for one call."""
        ...

    async def settle(self, reserved: Reserved, spent: Spending) -> None:
        """What the call cost."""
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """Who pays when a provider is asked, and what it may be shown."""

    account: Account
    showing: Showing


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
        asking: Asking | None = None,
        *,
        settled: Sequence[bool] = (),
    ) -> list[Judgement]:
        """A verdict and a choice for each message, in order. Raises what chassis.errors names when a peer is away.

        asking: with whose account a provider may be asked, and what it is shown; None is not at all. settled: for each
        message whether its owner's rules say where it goes, so that no model is asked about it; empty: of none they do.
        """

        async def batch(part: Sequence[_Asked]) -> list[Judgement]:
            return await self._judge_batch(part, folders, learned, asking)

        asked = list(zip(messages, settled or [False] * len(messages), strict=True))
        return await halving(asked, batch, lambda _: (Verdict.unjudged(), Choice.none()))

    async def _judge_batch(
        self,
        asked: Sequence[_Asked],
        folders: Sequence[FolderText],
        learned: Learned,
        asking: Asking | None,
    ) -> list[Judgement]:
        inspection = await self.sentinel.inspect([message for message, _ in asked], folders, Purpose.CLASSIFY)
        unread = [
            settled or verdict.outcome is Outcome.HELD
            for (_, settled), verdict in zip(asked, inspection.messages, strict=True)
        ]
        readable = [message for (message, _), left_out in zip(asked, unread, strict=True) if not left_out]
        open_folders = [folder for folder, clean in zip(folders, inspection.clean_folders, strict=True) if clean]
        choices = iter(await self._choices(_Question(inspection.word, readable, open_folders, learned), asking))
        return [
            (verdict, Choice.none() if left_out else next(choices))
            for verdict, left_out in zip(inspection.messages, unread, strict=True)
        ]

    async def _choices(self, question: "_Question", asking: Asking | None) -> list[Choice]:
        """Choices for the messages that are not held; only folders that sentinel found clean may be chosen."""
        if not question.messages or not question.folders:
            return [Choice.none() for _ in question.messages]
        if asking is None:
            return (await self._classify(question, None)).choices
        return await self._offered(question, asking)

    async def _offered(self, question: "_Question", asking: Asking) -> list[Choice]:
        """Reserves before the call, settles after. A call that ends in an unknown way keeps what it reserved."""
        reserved = await asking.account.reserve(len(question.messages), question.folders)
        if reserved.amount == NOTHING:
            return (await self._classify(question, None)).choices
        try:
            shown = await asking.showing.shown(question.folders)
            found = await self._classify(question, Offer(reserved.amount, shown))
        except UNSPENT:
            await asking.account.settle(reserved, NOTHING)
            raise
        await asking.account.settle(reserved, found.spent)
        return found.choices

    async def _classify(self, question: "_Question", offer: Offer | None) -> Classified:
        return await self.classifier.classify(
            question.word,
            question.messages,
            question.folders,
            profile=question.learned.profile,
            feature_key=question.learned.feature_key,
            offer=offer,
        )


@dataclass(frozen=True, slots=True)
class _Question:
    """What one Classify is about: what sentinel did not hold, under its word."""

    word: Word
    messages: Sequence[MessageText]
    folders: Sequence[FolderText]
    learned: Learned
