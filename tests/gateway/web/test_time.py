"""Times in the mailbox's own zone."""

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]

IMPORTS = "import { atMinute, dayKey, dayName, lastDays, onDay, roughly, zone } from './app/time.js';"


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Pacific/Auckland", "2026-03-02"), ("Europe/Berlin", "2026-03-01"), ("America/Los_Angeles", "2026-03-01")],
)
def test_a_day_is_the_mailboxs(run: Run, zone: str, day: str) -> None:
    """The same instant is another day elsewhere."""
    body = """const at = '2026-03-01T20:30:00Z';
        zone.value = given;
        return [dayKey(at), atMinute(at), onDay(null), atMinute(null)];"""
    key, minute, *nothing = run(IMPORTS, body, zone)
    assert key == day
    assert f" {int(day[-2:])}," in minute
    assert nothing == ["", ""]


def test_the_last_days_are_each_there_once(run: Run) -> None:
    """Over the night in which the clock goes forward, and over a month's end."""
    body = "zone.value = 'Europe/Berlin'; return lastDays(4, new Date('2026-03-29T22:30:00Z'));"
    assert run(IMPORTS, body) == ["2026-03-27", "2026-03-28", "2026-03-29", "2026-03-30"]
    body = "zone.value = 'UTC'; return lastDays(2, new Date('2026-03-01T01:00:00Z'));"
    assert run(IMPORTS, body) == ["2026-02-28", "2026-03-01"]


def test_a_days_name_is_that_days(run: Run) -> None:
    """A day has no time, so no zone may turn it into the one before."""
    body = "zone.value = 'America/Los_Angeles'; return dayName('2026-02-28');"
    assert run(IMPORTS, body) == "Feb 28, 2026"


def test_how_long_is_told_roughly(run: Run) -> None:
    """No seconds are counted down, and no minutes of hours."""
    told = run(IMPORTS, "return given.map(roughly);", [0, 59, 60, 200, 5399, 5400, 9000])
    assert told == [
        "less than a minute",
        "less than a minute",
        "about 1 min",
        "about 3 min",
        "about 90 min",
        "about 1.5 hours",
        "about 2.5 hours",
    ]
