"""What a mailbox's owner finds again: recent scans and runs, how far each is and how long it takes."""

from typing import Any

import pytest

SLOW = {"fault": "latency", "rate": 1.0, "seconds": 0.3}


def test_recent_scans_newest_first(scanned: Any) -> None:
    """Each as it is when it is asked for by itself: its folder, when it began and ended."""
    made = [scanned.scan_of(name) for name in ("Waiting", "Waiting", "Inbox")]
    items = scanned.ask("GET", "/scans", 200, params={"limit": 3}).json()["items"]
    assert items == made[::-1]
    assert items[0]["folder_id"] == scanned.folder("Inbox")
    assert all(one["started_at"] <= one["ended_at"] and one["eta_seconds"] is None for one in items)


@pytest.mark.parametrize("limit", [0, 101, "x"])
def test_a_list_of_scans_has_its_bounds(scanned: Any, limit: object) -> None:
    """One to a hundred."""
    assert scanned.ask("GET", "/scans", params={"limit": limit}).json()["code"] == "invalid_fields"


def test_a_scan_that_runs_tells_how_long_it_takes(scanned: Any) -> None:
    """From its second page on: seconds, until it ends."""
    with scanned.faulty(SLOW):
        scan = scanned.ask("POST", "/scans", 202, json={}).json()
        assert (scan["eta_seconds"], scan["ended_at"]) == (None, None)
        path = f"/scans/{scan['id']}"
        seen = scanned.until(lambda: timed(scanned.ask("GET", path, 200).json()), "an estimate", pause=0.15)
    assert 0 <= seen["eta_seconds"] < 120
    assert scanned.ended(path)["eta_seconds"] is None


def timed(answer: dict[str, Any]) -> dict[str, Any] | None:
    assert answer["state"] != "done", "it ended before it was measured"
    return answer if answer["eta_seconds"] is not None else None


def test_recent_runs_newest_first(scanned: Any) -> None:
    """A run and its undo, each told as it is by itself; the first says by which it was taken back."""
    scan = scanned.scan_of("Waiting")
    moved = next(one["id"] for one in scanned.decisions(scan) if one["kind"] == "move")
    run = scanned.ended(f"/moves/{scanned.approve(scan, decision_ids=[moved])['id']}")
    assert (run["undone_by"], run["undone"], run["eta_seconds"], run["moved"]) == (None, 0, None, 1)
    undo = scanned.ended(f"/moves/{scanned.undo(run)['id']}")
    items = scanned.ask("GET", "/moves", 200, params={"limit": 2}).json()["items"]
    assert items == [undo, {**run, "undone_by": undo["id"], "undone": 1}]
    assert all(one["started_at"] <= one["ended_at"] for one in items)


def test_a_run_that_moves_tells_how_long_it_takes(scanned: Any) -> None:
    """After its first chains: seconds, until it ends."""
    scan = scanned.scan_of("Inbox")
    wanted = [one["id"] for one in scanned.decisions(scan, kind="move", limit=100)[:240]]
    with scanned.faulty(SLOW):
        run = scanned.approve(scan, decision_ids=wanted)
        assert (run["eta_seconds"], run["ended_at"]) == (None, None)
        path = f"/moves/{run['id']}"
        seen = scanned.until(lambda: timed(scanned.ask("GET", path, 200).json()), "an estimate", pause=0.15)
    assert 0 < seen["eta_seconds"] < 120
    ended = scanned.ended(path)
    assert (ended["eta_seconds"], ended["moved"]) == (None, len(wanted))
    scanned.ended(f"/moves/{scanned.undo(ended)['id']}")


def test_a_journal_tells_what_was_moved(scanned: Any) -> None:
    """The message as it is now, and between which folders; null for what is gone meanwhile."""
    stays, goes = scanned.deliver({"subject": "first"}, {"subject": "second"}, folder="Journalled")
    scan, target = scanned.scan_of("Journalled"), scanned.own["builds"]
    wanted = {one["id"]: one["message"] for one in scanned.decisions(scan)}
    for number, one in enumerate(wanted):
        headers = {"If-Match": f'"{scan["revision"] + number}"'}
        path = f"/scans/{scan['id']}/decisions/{one}"
        scanned.ask("PATCH", path, 200, json={"folder_id": target}, headers=headers)
    scan = scanned.ask("GET", f"/scans/{scan['id']}", 200).json()
    run = scanned.ended(f"/moves/{scanned.approve(scan)['id']}")
    scanned.control("POST", "/moves", {"moves": [{"id": goes, "destination": None}]})
    items = scanned.ask("GET", f"/moves/{run['id']}/entries", 200).json()["items"]
    shown = {message["subject"]: message for message in wanted.values()}
    assert {one["message"] and one["message"]["subject"] for one in items} == {"first", None}
    assert shown["first"] in [one["message"] for one in items]
    assert {(one["from_folder_id"], one["folder_id"]) for one in items} == {(scanned.folder("Journalled"), target)}
    scanned.ended(f"/moves/{scanned.undo(run)['id']}")
    assert stays in scanned.places()
