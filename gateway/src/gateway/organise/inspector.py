"""Asks sentinel about texts that somebody brought along: verdicts for programs that sort mail themselves.

Guarantees: nothing is kept, nothing goes on to classifier (sentinel's clearance is dropped); texts of several callers
share a call and nothing else - each is judged as if it were alone, and one that sentinel can't take is held alone.
Sentinel away: Unavailable, and no verdict.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Final

from gateway.batches import Batches, Sizes
from gateway.clients.sentinel import Purpose, SentinelClient
from gateway.organise.halving import halving
from gateway.organise.judge import BATCH
from gateway.organise.verdict import Verdict
from mail_organiser.columns import MessageText

SIZES: Final = Sizes(lanes=2, most=BATCH, waiting=4096, linger_s=0.001)  # waiting: under a second of sentinel's time


class Inspector:
    """One per process."""

    def __init__(self, sentinel: SentinelClient) -> None:
        self._sentinel = sentinel
        self._batches: Batches[Sequence[MessageText], Sequence[Verdict]] = Batches(self._answer, SIZES, weight=len)

    async def inspect(self, messages: Sequence[MessageText]) -> Sequence[Verdict]:
        """A verdict for each message, in order. At most BATCH of them. Raises what chassis.errors names."""
        return await self._batches.ask(messages) if messages else ()

    async def _answer(self, questions: Sequence[Sequence[MessageText]]) -> list[list[Verdict]]:
        judged = await halving(list(chain.from_iterable(questions)), self._judge, lambda _: Verdict.unjudged())
        verdicts = iter(judged)
        return [[next(verdicts) for _ in question] for question in questions]

    async def _judge(self, messages: Sequence[MessageText]) -> list[Verdict]:
        return list((await self._sentinel.inspect(messages, (), Purpose.CLASSIFY)).messages)
