"""The deciding parts by themselves: breaker, purse, pauses, answers, nearest filings. No clock and no network."""

import asyncio
import json
import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.gate import ClearedExample, ProviderCleared
from classifier.provider import retry
from classifier.provider.answer import MOST_SURE, Abstained, Chosen, Usage, read
from classifier.provider.breaker import FAILURES, REST, Breaker
from classifier.provider.nearest import SHOWN, Nearest
from classifier.provider.purse import MAX_ANSWER, OVERHEAD, Amount, Prices, Purse
from classifier.provider.template import Safe, load
from mail_organiser.columns import MessageText

IDS = (Safe("f00"), Safe("f01"), Safe("none"))
PRICES = Prices(prompt=150, answer=600)
NOBODY: Any = None


def completion(content: str, **usage: Any) -> bytes:
    choice = {"finish_reason": "stop", "message": {"content": content}}
    return json.dumps({"choices": [choice], "usage": usage or None}).encode()


def answered(folder: str, confidence: float) -> Any:
    return read(completion(json.dumps({"folder": folder, "confidence": confidence})), IDS).answer


def test_five_failures_in_a_row_open_the_breaker_for_half_a_minute() -> None:
    """Then one is let through; if it fails, the rest begins anew, and a success closes it."""
    breaker = Breaker()
    for _ in range(FAILURES):
        assert breaker.admits(0.0)
        breaker.failed(0.0)
    assert (breaker.admits(REST - 0.1), breaker.rests(REST - 0.1)) == (False, True)
    assert [breaker.admits(REST), breaker.admits(REST)] == [True, False]
    breaker.failed(REST)
    assert not breaker.admits(REST * 1.5)
    assert breaker.admits(REST * 2)
    breaker.succeeded()
    assert breaker.admits(REST * 2)


def test_a_success_between_failures_starts_counting_anew() -> None:
    """Single failures are life."""
    breaker = Breaker()
    for _ in range(20):
        breaker.failed(0.0)
        breaker.succeeded()
    assert breaker.admits(0.0)


@given(asked=st.none() | st.floats(0, 100), jitter=st.floats(0, 1), left=st.floats(0, 10))
def test_a_pause_honours_what_was_asked_and_always_fits(asked: float | None, jitter: float, left: float) -> None:
    """Never shorter than Retry-After, never past the deadline."""
    wait = retry.pause(retry_after=asked, jitter=jitter, left=left)
    if wait is not None:
        assert wait >= (asked or 0.0)
        assert wait + retry.LEAST <= left


@pytest.mark.parametrize("header", ["", "soon", "-1", "nan", "inf", "Wed, 21 Oct 2026 07:28:00 GMT", None])
def test_a_retry_after_that_is_no_number_is_none(header: str | None) -> None:
    """Dates and nonsense are not waited for."""
    assert retry.seconds(header) is None


def test_confidence_comes_in_tenths_and_is_never_certain() -> None:
    """So that no number can carry a message out, and no provider's word outweighs an owner's habit."""
    found = {answered("f01", n / 1000).confidence for n in range(1001)}
    assert found == {n / 10 for n in range(10)}
    assert max(found) == MOST_SURE
    assert answered("none", 1) == Chosen(None, MOST_SURE)


@given(st.binary(max_size=300) | st.text(max_size=300).map(completion) | st.text(max_size=300).map(str.encode))
def test_whatever_comes_is_read_or_abstained_from(raw: bytes) -> None:
    """No answer raises, and none is anything but an id of ours."""
    answer = read(raw, IDS).answer
    assert isinstance(answer, Abstained) or answer.folder in {None, 0, 1}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["f00", "none"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(folder=JSON, confidence=JSON)
def test_only_an_id_with_a_number_is_an_answer(folder: Any, confidence: Any) -> None:
    """Every other pair of JSON values is none."""
    raw = completion(json.dumps({"folder": folder, "confidence": confidence}))
    number = type(confidence) in {int, float} and math.isfinite(confidence) and 0 <= confidence <= 1
    is_answer = isinstance(folder, str) and folder in IDS and number
    assert isinstance(read(raw, IDS).answer, Chosen) == is_answer


@given(data=st.data())
async def test_a_purse_never_spends_more_than_it_was_given(data: st.DataObject) -> None:
    """Whatever usage an endpoint claims: reserved and spent together stay within the allowance, in tokens and money."""
    allowance = Amount(data.draw(st.integers(0, 20_000)), data.draw(st.integers(0, 5_000_000)))
    purse = Purse(allowance, PRICES)
    for _ in range(data.draw(st.integers(0, 12))):
        reservation = await purse.reserve(data.draw(st.integers(0, 4000)))
        claimed = data.draw(st.none() | st.builds(Usage, st.integers(0, 10**9), st.integers(0, 10**9)))
        if reservation is not None:
            await purse.settle(reservation, claimed)
    purse.cut_off()
    assert purse.spent.within(allowance)


async def test_usage_that_can_not_be_counts_as_the_most() -> None:
    """Too few tokens for the bytes, or more than bytes: the reservation is what it cost."""
    for claimed in (Usage(0, 0), Usage(10, 10), Usage(10**9, 1), Usage(500, MAX_ANSWER + 1), None):
        purse = Purse(Amount(10**6, 10**12), PRICES)
        reservation = await purse.reserve(1600)
        assert reservation is not None
        await purse.settle(reservation, claimed)
        assert purse.spent == PRICES.of(Usage(1600 + OVERHEAD, MAX_ANSWER))


async def test_who_finds_too_little_waits_for_what_others_leave() -> None:
    """A reservation is for the worst case; what it didn't need is there for the next."""
    purse = Purse(Amount(2 * (1000 + OVERHEAD + MAX_ANSWER) - 1, 10**12), PRICES)
    first = await purse.reserve(1000)
    assert first is not None
    waiting = asyncio.create_task(purse.reserve(1000))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    await purse.settle(first, Usage(300, 10))
    assert await waiting is not None


def test_usage_that_is_no_count_is_none() -> None:
    """Booleans, texts, negatives and fractions are no tokens."""
    content = '{"folder": "f00", "confidence": 0.5}'
    assert read(completion(content, prompt_tokens=5, completion_tokens=6), IDS).usage == Usage(5, 6)
    for bad in (True, "5", -1, 2.5, None, [5]):
        assert read(completion(content, prompt_tokens=bad, completion_tokens=6), IDS).usage is None


def example(subject: str, address: str, folder: int = 0) -> ClearedExample:
    return ClearedExample(MessageText(subject, "", address), folder, NOBODY)


def test_the_nearest_filings_share_sender_and_words_the_closest_last() -> None:
    """Those without a word in common are not shown, and at most six are."""
    chance = random.Random(3)  # noqa: S311  # mail of a test, the same in each run
    words = [f"word{n}" for n in range(200)]
    noise = [example(" ".join(chance.sample(words, 3)), f"p{n}@other{n}.test", 1) for n in range(400)]
    like = [example("Invoice for March", "pay@shop.test", 0), example("Invoice", "pay@elsewhere.test", 2)]
    found = Nearest([*noise[:200], *like, *noise[200:]]).to(
        ProviderCleared(MessageText("Invoice for April", "", "pay@shop.test"), NOBODY)
    )
    assert found[-1] == like[0]
    assert len(found) <= SHOWN
    assert Nearest([]).to(ProviderCleared(MessageText(None, None, None), NOBODY)) == []
    assert Nearest(noise).to(ProviderCleared(MessageText("nothing alike", "", "a@b.test"), NOBODY)) == []


def test_a_pattern_takes_exactly_its_parts() -> None:
    """A part that is missing, too many or in braces itself is no way to other words."""
    template = load()
    parts = {name: Safe("{message}") for name in ("id", "name", "description")}
    assert template.filled("folder", **parts) == "{message} name {message} description {message}"
    for wrong in ({}, {**parts, "more": Safe("x")}):
        with pytest.raises(KeyError):
            template.filled("folder", **wrong)
