"""What the gateway does by itself: a round that fails is not the last one, and the end waits for nobody."""

import asyncio

from gateway.rounds import Round, going


async def test_a_round_that_fails_comes_again_and_ends_no_other() -> None:
    """Both go on until the end, whatever one of them raises."""
    counts = {"bad": 0, "good": 0}
    enough = asyncio.Event()

    async def bad() -> None:
        counts["bad"] += 1
        raise ValueError

    async def good() -> None:
        counts["good"] += 1
        if min(counts.values()) > 2:
            enough.set()

    async with going(Round("bad", 0.001, bad), Round("good", 0.001, good)):
        await asyncio.wait_for(enough.wait(), 10)
    after = dict(counts)
    await asyncio.sleep(0.02)
    assert counts == after
