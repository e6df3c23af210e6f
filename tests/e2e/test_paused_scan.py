"""A scan is paused and goes on, through the door and with every process real."""

from typing import Any

import pytest

DELTA = "GET /me/mailFolders/{folder}/messages/delta"
SLOW = {"fault": "latency", "rate": 1.0, "seconds": 0.4, "route": DELTA}


def running(house: Any) -> tuple[str, dict[str, Any]]:
    """The path of a scan of which a page is decided."""
    path = f"/scans/{house.ask('POST', '/scans', 202, json={}).json()['id']}"

    def decided() -> dict[str, Any] | None:
        found: dict[str, Any] = house.ask("GET", path, 200).json()
        return found if found["done"] > 0 else None

    return path, house.until(decided, "a page", pause=0.1)


@pytest.mark.parametrize("killed", [False, True], ids=["going on", "killed while it rests"])
def test_a_paused_scan_goes_on_where_it_was(watched: Any, killed: bool) -> None:  # noqa: FBT001  # pytest's own
    """Other scans of the mailbox are not held up; in the end each message was decided once."""
    with watched.faulty(SLOW):
        path, _ = running(watched)
        paused = watched.ask("POST", f"{path}/pause", 200).json()
        assert (paused["state"], paused["eta_seconds"], paused["ended_at"]) == ("paused", None, None)
        assert watched.scan_of("Waiting")["state"] == "done"  # behind the page in flight in the queue
        resting = watched.ask("GET", path, 200).json()
        assert resting["done"] < resting["total"]
    if killed:
        watched.kill("gateway")
        watched.restart("gateway")
        assert watched.ask("GET", path, 200).json() == resting
    assert watched.ask("POST", f"{path}/resume", 200).json()["state"] == "running"
    ended = watched.ended(path)
    assert (ended["state"], ended["done"]) == ("done", resting["total"])
    rows = watched.query("SELECT count(DISTINCT message_id), count(*) FROM decision WHERE scan_id = ?", ended["id"])
    assert rows == [(ended["total"], ended["total"])]
    assert watched.ask("POST", f"{path}/pause", 200).json() == ended


def test_a_paused_scan_is_cancelled(watched: Any) -> None:
    """For good: it does not go on, and there is no preview of it to approve."""
    with watched.faulty(SLOW):
        path, _ = running(watched)
        watched.ask("POST", f"{path}/pause", 200)
        cancelled = watched.ask("POST", f"{path}/cancel", 200).json()
    assert cancelled["state"] == "cancelled"
    assert watched.ask("POST", f"{path}/resume", 200).json()["state"] == "cancelled"
    assert watched.scan_of("Waiting")["state"] == "done"
    assert watched.ask("GET", path, 200).json()["state"] == "cancelled"
