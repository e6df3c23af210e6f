"""What the two charts count."""

from collections.abc import Callable
from typing import Any

Run = Callable[..., Any]

IMPORTS = "import { held, moved } from './app/chart.js'; import { zone } from './app/time.js';"
DAYS = ["2026-03-01", "2026-03-02", "2026-03-03"]


def test_moved_is_added_up_by_day(run: Run) -> None:
    """Undoing moves nothing new, and what is too long ago is left out."""

    def one(kind: str, day: str, moved: int) -> dict[str, Any]:
        return {"kind": kind, "moved": moved, "started_at": f"{day}T12:00:00Z"}

    runs = [
        one("apply", "2026-03-03", 2),
        one("undo", "2026-03-03", 2),
        one("apply", "2026-03-01", 3),
        one("apply", "2026-03-01", 4),
        one("apply", "2026-02-28", 9),
    ]
    assert run(IMPORTS, "zone.value = 'UTC'; return moved(...given);", [runs, DAYS]) == [
        ["2026-03-01", 7],
        ["2026-03-02", 0],
        ["2026-03-03", 2],
    ]


def test_held_is_the_last_previews_of_a_day(run: Run) -> None:
    """Who looks three times at the same twelve has twelve; a preview that was stopped says nothing."""

    def one(at: str, hold: int, state: str = "done") -> dict[str, Any]:
        return {"state": state, "started_at": at, "counts": {"hold": hold}}

    scans = [
        one("2026-03-03T18:00:00Z", 1, "cancelled"),
        one("2026-03-03T17:00:00Z", 12),
        one("2026-03-03T09:00:00Z", 11),
        {"state": "done", "started_at": "2026-03-01T09:00:00Z", "counts": {}},
    ]
    assert run(IMPORTS, "zone.value = 'UTC'; return held(...given);", [scans, DAYS]) == [
        ["2026-03-01", 0],
        ["2026-03-02", 0],
        ["2026-03-03", 12],
    ]
