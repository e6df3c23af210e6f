"""halving(): what a peer can't take is cut in half until the culprit stands alone."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Internal, InvalidArgument, QuotaExceeded, ServiceError, Unavailable
from gateway.organise.halving import halving

batches = st.lists(st.booleans(), max_size=80)  # True: a message that the peer can't take


@given(batches, st.sampled_from([InvalidArgument, QuotaExceeded, Internal]))
async def test_each_item_gets_its_own_result(poisoned: list[bool], error: type[ServiceError]) -> None:
    """In order: work's result for what can be taken, alone's for what can't, whatever the mixture."""
    asked = 0

    async def work(part: Sequence[tuple[int, bool]]) -> list[str]:
        nonlocal asked
        asked += 1
        if any(bad for _, bad in part):
            raise error
        return [f"done {number}" for number, _ in part]

    items = list(enumerate(poisoned))
    found = await halving(items, work, lambda item: f"alone {item[0]}")
    assert found == [f"alone {number}" if bad else f"done {number}" for number, bad in items]
    culprits = sum(poisoned)
    assert asked <= 1 + 2 * culprits * max(1, len(poisoned)).bit_length()


async def test_one_culprit_costs_few_calls() -> None:
    """One among 256: at most two calls for each of eight cuts, and one at the start."""
    calls: list[int] = []

    async def work(part: Sequence[int]) -> list[int]:
        calls.append(len(part))
        if 77 in part:
            raise InvalidArgument
        return list(part)

    found = await halving(range(256), work, lambda _: -1)
    assert found == [-1 if number == 77 else number for number in range(256)]
    assert len(calls) == 17


async def test_what_is_not_about_the_mail_is_raised_at_once() -> None:
    """A peer that is away is asked once: halving a batch would only ask it more often."""
    calls = 0

    async def work(_: Sequence[int]) -> list[int]:
        nonlocal calls
        calls += 1
        raise Unavailable

    with pytest.raises(Unavailable):
        await halving(range(64), work, lambda item: item)
    assert calls == 1
