"""The token bucket's arithmetic, over any sequence of takes."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.bucket import Buckets, Policy

POLICY = Policy("p", quota=5, window_s=10)


@given(st.lists(st.floats(0, 30, allow_nan=False), max_size=200))
def test_no_window_ever_grants_more_than_twice_the_quota(moments: list[float]) -> None:
    """A burst of `quota`, and `quota` regained: that is the most in any window, however the takes fall."""
    buckets = Buckets(POLICY)
    granted = [moment for moment in sorted(moments) if buckets.take(b"k", moment).allowed]
    for start in granted:
        within = [moment for moment in granted if start <= moment < start + POLICY.window_s]
        assert len(within) <= 2 * POLICY.quota


@given(st.integers(0, 20))
def test_a_burst_gets_exactly_the_quota(takes: int) -> None:
    """At one moment: five, then none; and the remaining count says so."""
    buckets = Buckets(POLICY)
    grants = [buckets.take(b"k", 0.0) for _ in range(takes)]
    assert [grant.allowed for grant in grants] == [number < POLICY.quota for number in range(takes)]
    assert [grant.remaining for grant in grants] == [max(0, POLICY.quota - 1 - number) for number in range(takes)]


@given(st.floats(0, 9.9, allow_nan=False))
def test_waiting_as_long_as_told_is_enough(wait: float) -> None:
    """reset_s is never a lie: after that many seconds one more is granted."""
    buckets = Buckets(POLICY)
    for _ in range(5):
        buckets.take(b"k", 0.0)
    refused = buckets.take(b"k", wait)
    now = wait if refused.allowed else wait + refused.reset_s
    assert refused.allowed or buckets.take(b"k", now).allowed


def test_a_refusal_costs_nothing_and_a_look_neither() -> None:
    """Whoever hammers is not locked out for longer, and looking takes nothing."""
    buckets = Buckets(Policy("p", quota=1, window_s=10))
    assert buckets.grant(buckets.full_at(b"k", 0.0), 0.0).allowed
    assert buckets.take(b"k", 0.0).allowed
    assert not any(buckets.take(b"k", second).allowed for second in range(1, 10))
    assert buckets.take(b"k", 10.0).allowed


def test_memory_is_bounded_and_newcomers_then_share() -> None:
    """A flood of addresses meets one bucket among them all; who was known keeps an own one."""
    buckets = Buckets(Policy("p", quota=2, window_s=10), capacity=3)
    assert all(buckets.take(bytes([name]), 0.0).allowed for name in range(3))
    flood = [buckets.take(bytes([name]), 0.0).allowed for name in range(10, 250)]
    assert flood.count(True) == 2
    assert buckets.take(b"\x00", 0.0).allowed
    assert len(buckets) <= 4


def test_full_buckets_are_forgotten() -> None:
    """What can't be told from never having called needs no memory."""
    buckets = Buckets(Policy("p", quota=2, window_s=10), capacity=3)
    for name in range(3):
        buckets.take(bytes([name]), 0.0)
    for name in range(20, 24):
        assert buckets.take(bytes([name]), 6.0 * name).allowed
    assert len(buckets) <= 3
