"""What is asked together goes in few calls, and nobody is forgotten, drowned or hurt by another."""

import asyncio
from collections.abc import Sequence

import pytest

from chassis.errors import Unavailable
from gateway.batches import Batches, Sizes

SIZES = Sizes(lanes=1, most=10, waiting=50)


class Calls:
    """Answers each question with itself, and keeps what came in which call."""

    def __init__(self) -> None:
        self.made: list[list[int]] = []
        self.at_once = 0
        self.most_at_once = 0

    async def __call__(self, questions: Sequence[int]) -> list[int]:
        self.made.append(list(questions))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.001)
        self.at_once -= 1
        if -1 in questions:
            raise RuntimeError("a call that fails")
        return list(questions)


async def test_what_is_asked_at_once_goes_together() -> None:
    """Thirty questions, ten a call: three calls, each answer to its own question, no call beside another."""
    calls = Calls()
    batches = Batches(calls, SIZES)
    assert await asyncio.gather(*(batches.ask(number) for number in range(30))) == list(range(30))
    assert [len(call) for call in calls.made] == [10, 10, 10]
    assert calls.most_at_once == 1


async def test_one_after_the_other_is_answered_too() -> None:
    """A question that comes in the very turn in which the last call ended is not forgotten."""
    calls = Calls()
    batches = Batches(calls, SIZES)
    async with asyncio.timeout(5):
        assert [await batches.ask(number) for number in range(20)] == list(range(20))


async def test_full_calls_go_beside_one_another_up_to_the_lanes() -> None:
    """Only where a call would be full anyway: company is what makes calls cheap."""
    calls = Calls()
    batches = Batches(calls, Sizes(lanes=3, most=10, waiting=100))
    await asyncio.gather(*(batches.ask(number) for number in range(60)))
    assert calls.most_at_once == 3
    assert {len(call) for call in calls.made} == {10}


async def test_weight_counts_not_number() -> None:
    """Three questions of weight four don't fit into ten; one that is heavier than a call goes alone."""
    calls = Calls()
    batches = Batches(calls, SIZES, weight=lambda number: number)
    await asyncio.gather(*(batches.ask(number) for number in (4, 4, 4, 12)))
    assert calls.made == [[4, 4], [4], [12]]


async def test_too_much_waiting_is_refused_at_once() -> None:
    """With a time to come back; what waits already is answered."""
    batches = Batches(Calls(), SIZES)
    answers = await asyncio.gather(*(batches.ask(number) for number in range(60)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Unavailable)]
    assert len(refused) == 10
    assert {error.retry_after for error in refused} == {1.0}
    assert await batches.ask(7) == 7


async def test_a_call_that_fails_fails_for_those_in_it() -> None:
    """And for nobody else."""
    batches = Batches(Calls(), SIZES)
    answers = await asyncio.gather(*(batches.ask(number) for number in [*range(9), -1, 10, 11]), return_exceptions=True)
    assert [type(answer) for answer in answers[:10]] == [RuntimeError] * 10
    assert answers[10:] == [10, 11]


async def test_who_gives_up_takes_nothing_from_the_others() -> None:
    """A request that was cut while it waited is left out of the call."""
    calls = Calls()
    batches = Batches(calls, SIZES)
    tasks = [asyncio.create_task(batches.ask(number)) for number in range(13)]
    await asyncio.sleep(0)
    tasks[11].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [answer for answer in answers if not isinstance(answer, BaseException)] == [*range(11), 12]
    assert calls.made[1] == [10, 12]


async def test_no_call_is_in_the_trace_or_context_of_a_request() -> None:
    """It is for many; the first of them must not lend it its trace."""
    from contextvars import ContextVar

    seen: list[str] = []
    mine = ContextVar("mine", default="nobody's")

    async def call(questions: Sequence[int]) -> Sequence[int]:
        seen.append(mine.get())
        return questions

    mine.set("a request's")
    await Batches(call, SIZES).ask(1)
    assert seen == ["nobody's"]


@pytest.mark.parametrize("weight", [0, 1])
async def test_an_empty_question_is_one_too(weight: int) -> None:
    """A weight of nothing is answered like any other."""
    assert await Batches(Calls(), SIZES, weight=lambda _: weight).ask(5) == 5
