"""The page of plans is the file of plans."""

import re
from typing import Any

from gateway.organise import plan
from gateway.organise.plan import Plan

PAGE = "docs/reference/plans.md"
WORDS = {"none": 0, "no bound": None, "as many as the provider's own cap": None}


def bound(cell: str) -> int | None:
    """A cell as the file has it."""
    return WORDS[cell] if cell in WORDS else int(cell.replace(",", ""))


def test_every_plan_is_on_the_page_with_its_bounds(documents: Any) -> None:
    """A plan that changes changes the page."""
    rows = [row for row in documents.rows(documents.text(PAGE)) if re.fullmatch(r"`\w+`", row[0])]
    told = {row[0].strip("`"): Plan(*map(bound, row[1:])) for row in rows}
    assert told == plan.load(None, "unlimited").by_name
