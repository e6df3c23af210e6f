"""Many callers, few calls: what is asked while a call is under way goes along in the next one.

Guarantees: a question is answered by exactly one call, or fails with it; an idle system answers at once (who is alone
doesn't wait for company); no more than `lanes` calls at a time, `most` in each and `waiting` behind them - beyond that,
Unavailable. A caller that gives up takes nothing from the others.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from chassis.errors import Unavailable

Question = TypeVar("Question")
Answer = TypeVar("Answer")

RETRY_AFTER_S: Final = 1.0
_Asked = tuple[Question, int, asyncio.Future[Answer]]  # what, its weight, and who waits


@dataclass(frozen=True, slots=True)
class Sizes:
    """lanes: calls at a time; most: weight in one call; waiting: weight that may wait, all together.

    linger_s: how long a lane that had company looks out for more before its next call, in seconds.
    """

    lanes: int
    most: int
    waiting: int
    linger_s: float = 0.0


class Batches(Generic[Question, Answer]):
    """`call` answers several questions in order; `weight` says how much one of them is of a call, 1 when None."""

    def __init__(
        self,
        call: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]],
        sizes: Sizes,
        weight: Callable[[Question], int] | None = None,
    ) -> None:
        self._call = call
        self._sizes = sizes
        self._weight = weight
        self._waiting: deque[_Asked[Question, Answer]] = deque()
        self._heaviness = 0
        self._open = 0  # lanes that will still look at what waits; a task is not done yet when it has looked last
        self._lanes: set[asyncio.Task[None]] = set()

    async def ask(self, question: Question) -> Answer:
        """The answer; what `call` raised; or Unavailable when too much waits already."""
        weight = 1 if self._weight is None else self._weight(question)
        if self._heaviness + weight > self._sizes.waiting:
            raise Unavailable(retry_after=RETRY_AFTER_S)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, weight, answer))
        self._heaviness += weight
        if not self._open or (self._heaviness >= self._sizes.most and self._open < self._sizes.lanes):
            self._open_lane()
        return await answer

    def _open_lane(self) -> None:
        self._open += 1
        # A context of its own: a call is for many requests, and in the trace of none of them.
        lane = asyncio.get_running_loop().create_task(self._run(), context=Context())
        self._lanes.add(lane)
        lane.add_done_callback(self._lanes.discard)

    async def _run(self) -> None:
        try:
            while self._waiting:
                taken = self._taken()
                await self._answer(taken)
                if len(taken) > 1 and self._sizes.linger_s:  # they will be back, one shortly after the other
                    await asyncio.sleep(self._sizes.linger_s)
        finally:
            self._open -= 1

    def _taken(self) -> list[_Asked[Question, Answer]]:
        """What goes into the next call; without those whose caller has gone."""
        if self._heaviness <= self._sizes.most:
            taken = [asked for asked in self._waiting if not asked[2].done()]
            self._waiting.clear()
            self._heaviness = 0
            return taken
        return [asked for asked in self._fitting() if not asked[2].done()]

    def _fitting(self) -> Iterator[_Asked[Question, Answer]]:
        weight = 0
        while self._waiting and (not weight or weight + self._waiting[0][1] <= self._sizes.most):
            asked = self._waiting.popleft()
            weight += asked[1]
            self._heaviness -= asked[1]
            yield asked

    async def _answer(self, taken: Sequence[_Asked[Question, Answer]]) -> None:
        try:
            answers = await self._call([question for question, _, _ in taken])
        except Exception as error:  # noqa: BLE001  # whoever asked is told, each of them
            for _, _, future in taken:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, _, future), answer in zip(taken, answers, strict=True):
            if not future.done():
                future.set_result(answer)
