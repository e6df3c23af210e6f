"""SECURITY.md: whoever reports a fault knows by when they hear, and where they are thanked."""

import re
from typing import Any

PAGE = "SECURITY.md"
SEVERITIES = ["critical", "high", "medium", "low"]
HOURS = {"hours": 1, "working days": 34, "days": 24}  # five working days are a week


def hours(cell: str) -> int:
    """A time of the table."""
    found = re.fullmatch(r"(\d+) (hours|working days|days)", cell)
    assert found, cell
    return int(found[1]) * HOURS[found[2]]


def test_reports_are_answered_in_a_time_that_is_written_down(documents: Any) -> None:
    """Heard, assessed and fixed in this order, by severity, and never later for what is worse."""
    reports = documents.text(PAGE).partition("**Report**")[2].partition("**Other people's faults.**")[0]
    rows = documents.rows(reports)
    assert [row[0].split()[0] for row in rows] == SEVERITIES
    times = [[hours(cell) for cell in row[1:]] for row in rows]
    assert all(one == sorted(one) for one in times)
    assert times == sorted(times)
    assert (times[0][0], max(one[-1] for one in times)) == (24, 90 * 24)


def test_it_says_how_one_is_acknowledged(documents: Any) -> None:
    """A section of its own, with the way into it."""
    section = documents.text(PAGE).partition("## Acknowledgments\n")[2]
    assert "say in the report under which" in section
