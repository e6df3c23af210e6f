"""A plan at work: what a scan looks at, what it costs, and what the owner is told."""

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

PLANS = "[tiny]\nscans_a_month = 3\nmessages_a_scan = 30\nai_tokens_a_day = 0\n[more]\n"


def subscribed(house: Any, stack: ExitStack) -> None:  # noqa: ARG001  # what adjusts a house is given both
    """Before the house starts: a tiny plan for everybody."""
    plans = house.place.root / "plans.toml"
    plans.write_text(PLANS)
    settings = house.place.path("settings", "gateway.toml")
    settings.write_text(f'plans = "{plans}"\nplan = "tiny"\n{settings.read_text()}')


@pytest.fixture(scope="module")
def house(lasting_house: Any) -> Any:
    return lasting_house("sample", subscribed)


def bounds(house: Any) -> dict[str, Any]:
    return {one["name"]: one for one in house.ask("GET", "/api/v1/quota", 200).json()["items"]}


def test_a_plan_bounds_what_a_scan_looks_at_and_how_many_there_are(house: Any) -> None:
    """30 messages of a larger inbox; a scan that can't be done costs nothing; the fourth is next month's."""
    house.choose_all()
    first = house.scan()
    assert (first["state"], first["most"], first["total"], first["done"]) == ("done", 30, 30, 30)
    assert len(house.decisions(first)) == 30
    with house.without("sentinel"):
        failed = house.scan()
    assert failed["state"] == "failed"
    assert (bounds(house)["scans_a_month"]["used"], bounds(house)["scans_a_month"]["most"]) == (1, 3)
    house.scan(), house.scan()
    refused = house.ask("POST", "/scans", 429, json={})
    assert refused.json()["code"] == "quota_exceeded"
    assert "plan" in refused.json()["detail"]
    resets = datetime.fromisoformat(bounds(house)["scans_a_month"]["resets_at"])
    wait = (resets - datetime.now(UTC)).total_seconds()
    assert abs(int(refused.headers["retry-after"]) - wait) < 60
    house.undo(house.ended(f"/moves/{house.approve(first)['id']}"))  # a plan that is used up keeps nobody from undoing
