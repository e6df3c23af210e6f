"""How long it still takes: as it was measured, and never less than Microsoft's limits allow."""

import pytest

from gateway.organise import eta

SECOND = 1_000_000  # microseconds


@pytest.mark.parametrize(
    ("left", "pace_us", "seconds"), [(0, 500, 0), (1000, 500, 1), (3000, 2500, 8), (-5, 500, 0), (9, None, None)]
)
def test_of_a_scan(left: int, pace_us: int | None, seconds: int | None) -> None:
    """What is left at the pace of the last page, rounded up; a mailbox that shrank needs nothing more."""
    assert eta.of_scan(left, pace_us) == seconds


@pytest.mark.parametrize(
    ("left", "ended", "pace_us", "seconds"),
    [
        (100, 20, None, None),
        (0, 500, SECOND, 0),
        (100, 20, SECOND, 100),  # few: as fast as of late
        (5000, 0, 1000, 5),  # 10,000 requests are free
        (10_000, 0, 1000, 600),  # twice as many requests as are free: one more window
        (5000, 5000, 1000, 600),  # the window is spent by what went before
        (5000, 50_000, SECOND, 5000),  # so slow that the limit is far: 600 moves in a window
        (5000, 5000, 0, 600),  # faster than can be measured
    ],
)
def test_of_moves(left: int, ended: int, pace_us: int | None, seconds: int | None) -> None:
    """A message costs two of the 10,000 requests that a mailbox has in 10 minutes: the read-back counts."""
    assert eta.of_moves(left, ended, pace_us) == seconds
