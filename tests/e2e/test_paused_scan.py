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
def test_a_paused_scan_goes_on_where_it_was(scanned: Any, killed: bool) -> None:  # noqa: FBT001  # pytest's own
    """Other scans of the mailbox are not held up; in the end each message was decided once."""
    with scanned.faulty(SLOW):
        path, _ = running(scanned)
        paused = scanned.ask("POST", f"{path}/pause", 200).json()
        assert (paused["state"], paused["eta_seconds"], paused["ended_at"]) == ("paused", None, None)
        assert scanned.scan_of("Waiting")["state"] == "done"  # behind the page in flight in the queue
        resting = scanned.ask("GET", path, 200).json()
        assert resting["done"] < resting["total"]
    if killed:
        scanned.kill("gateway")
        scanned.restart("gateway")
        assert scanned.ask("GET", path, 200).json() == resting
    assert scanned.ask("POST", f"{path}/resume", 200).json()["state"] == "running"
    ended = scanned.ended(path)
    assert (ended["state"], ended["done"]) == ("done", resting["total"])
    rows = scanned.query("SELECT count(DISTINCT message_id), count(*) FROM decision WHERE scan_id = ?", ended["id"])
    assert rows == [(ended["total"], ended["total"])]
    assert scanned.ask("POST", f"{path}/pause", 200).json() == ended


def test_a_paused_scan_is_cancelled(scanned: Any) -> None:
    """For good: it does not go on, and there is no preview of it to approve."""
    with scanned.faulty(SLOW):
        path, _ = running(scanned)
        scanned.ask("POST", f"{path}/pause", 200)
        cancelled = scanned.ask("POST", f"{path}/cancel", 200).json()
    assert cancelled["state"] == "cancelled"
    assert scanned.ask("POST", f"{path}/resume", 200).json()["state"] == "cancelled"
    assert scanned.scan_of("Waiting")["state"] == "done"
    assert scanned.ask("GET", path, 200).json()["state"] == "cancelled"
