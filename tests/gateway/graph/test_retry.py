"""Waiting is never shorter than Graph asks for, and always bounded."""

from email.utils import formatdate
from typing import Any

import pytest

from gateway.graph.errors import GraphUnavailable
from gateway.graph.retry import FIRST_DELAY, JITTER, MAX_ATTEMPTS, MAX_WAIT, Patience, retry_after

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("0.249", 0.249),
        (" 3 ", 3.0),
        ("0", 0.0),
        (formatdate(NOW + 90, usegmt=True), 90.0),
        (formatdate(NOW - 90, usegmt=True), 0.0),
        (None, None),
        ("", None),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("1e9", None),
        ("9" * 40, None),
        ("\u0663", None),
        ("soon", None),
        ("Mon, 99 Foo 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_read(header: str | None, seconds: float | None) -> None:
    """Whole seconds, decimals (they were seen) and dates count; nonsense is as good as nothing."""
    assert retry_after(header, NOW) == seconds


async def test_backoff_doubles_and_ends(clock: Any) -> None:
    """Without Retry-After the waits double; after the last attempt the error comes."""
    patience = Patience(clock)
    for _ in range(MAX_ATTEMPTS - 1):
        await patience.wait(None, GraphUnavailable())
    with pytest.raises(GraphUnavailable):
        await patience.wait(None, GraphUnavailable())
    assert clock.slept == [FIRST_DELAY * 2**n for n in range(MAX_ATTEMPTS - 1)]


@pytest.mark.parametrize("luck", [0.0, 0.5, 1.0])
async def test_jitter_only_adds(clock: Any, luck: float) -> None:
    """Retry-After is a lower bound."""
    clock.luck = luck
    await Patience(clock).wait(10.0, GraphUnavailable())
    assert clock.slept == [10.0 * (1 + JITTER * luck)]


async def test_total_waiting_is_bounded(clock: Any) -> None:
    """A pause that does not fit is not waited for: the caller's schedule knows better."""
    patience = Patience(clock)
    await patience.wait(MAX_WAIT - 1, GraphUnavailable())
    with pytest.raises(GraphUnavailable):
        await patience.wait(2.0, GraphUnavailable())
    assert sum(clock.slept) <= MAX_WAIT
