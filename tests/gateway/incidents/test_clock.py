"""72 hours from awareness: they run until the ICO is told or it is decided not to, and Prometheus sees them."""

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from gateway.incidents import clock
from gateway.incidents.entry import (
    Assessed,
    Aware,
    Closed,
    Decided,
    Harm,
    Likelihood,
    Notified,
    Recipient,
    Reviewed,
    Severity,
    SeveritySet,
)
from gateway.incidents.gauges import IncidentClock

HOUR = 3_600_000
RISK = Assessed(Likelihood.POSSIBLE, Harm.SERIOUS, "x")
TELL, NOT = (Decided(ico=ico, people=False, text="x") for ico in (True, False))


class Seen:
    """What Prometheus reads."""

    def __init__(self, desk: Any) -> None:
        self._desk = desk
        self._registry = CollectorRegistry()
        self._clock = IncidentClock(desk.register, self._registry, now=desk.now)

    async def look(self) -> tuple[float | None, dict[str, float]]:
        await self._clock.look(self._desk.engine)
        return self.hours(), {
            one.value: found
            for one in Severity
            if (found := self._registry.get_sample_value("incident_open", {"severity": one.value}))
        }

    def hours(self) -> float | None:
        return self._registry.get_sample_value("incident_hours_since_awareness")

    def series(self) -> int:
        return sum(len(metric.samples) for metric in self._registry.collect())


def test_due_is_72_hours_after_awareness() -> None:
    """To the millisecond."""
    assert clock.due(5) == 5 + 72 * HOUR
    assert not clock.is_late(5, 5 + 72 * HOUR)
    assert clock.is_late(5, 6 + 72 * HOUR)
    assert (clock.hours(0, 36 * HOUR), clock.hours(10, 5)) == (36, 0)


async def test_hours_run_from_awareness_and_go_on_between_looks(desk: Any) -> None:
    """Not from when it was opened; the oldest counts."""
    seen, one, two = Seen(desk), desk.opened(), desk.opened()
    desk.pass_hours(10)
    assert await seen.look() == (0, {"high": 2})
    desk.write(one, Aware(desk.moment), SeveritySet(Severity.LOW, "x"))
    desk.write(two, Aware(desk.moment - 5 * HOUR))
    assert await seen.look() == (5, {"high": 1, "low": 1})
    desk.pass_hours(20)
    assert seen.hours() == 25


@pytest.mark.parametrize(
    ("then", "runs"),
    [
        ([RISK], True),
        ([RISK, TELL], True),
        ([RISK, NOT], False),
        ([RISK, NOT, TELL], True),
        ([RISK, TELL, Notified(Recipient.ICO, 1_800_000_000_000)], False),
        ([RISK, NOT, Reviewed("x"), Closed()], False),
    ],
    ids=range(6),
)
async def test_what_stops_the_clock(desk: Any, then: list[Any], runs: bool) -> None:  # noqa: FBT001  # an expectation
    """Telling the ICO, or deciding not to; a decision to tell them doesn't."""
    seen, one = Seen(desk), desk.opened()
    desk.write(one, Aware(desk.moment), *then)
    desk.pass_hours(30)
    assert await seen.look() == (30 if runs else 0, {} if Closed() in then else {"high": 1})


async def test_series_are_as_many_as_severities_and_one(desk: Any) -> None:
    """However many incidents there are."""
    seen = Seen(desk)
    await seen.look()
    before = seen.series()
    for _ in range(5):
        desk.opened()
    await seen.look()
    assert seen.series() == before == len(Severity) + 1
