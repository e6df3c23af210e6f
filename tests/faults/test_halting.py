"""Paused, killed, gone on, stopped: the owner's word holds whatever happens to the process, and nothing moves twice."""

import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(600)  # seconds; a house and a restart, on a machine that may be busy

MESSAGES, STILL = 300, 4.0  # seconds in which something moves, if anything is under way
SHOP = "Shop <orders@shop.test>"
SLOW = {"fault": "latency", "rate": 1.0, "seconds": 0.05}  # of each of a batch's twenty
LOST = {"fault": "reset_after_move", "nth": [30, 90], "route": "POST /me/messages/{message}/move"}
DELTA = {"fault": "latency", "rate": 1.0, "seconds": 1.0, "route": "GET /me/mailFolders/{folder}/messages/delta"}


@pytest.fixture
def house(make_house: Callable[..., Any], make_mbox: Callable[[list[dict[str, str]]], str]) -> Any:
    filed = [{"from": SHOP, "subject": f"order {n}", "label": "Receipts"} for n in range(20)]
    new = [{"from": SHOP, "subject": f"order {n}"} for n in range(20, 20 + MESSAGES)]
    made = make_house(make_mbox([*filed, *new]))
    made.choose_all()
    return made


def begun(house: Any) -> tuple[dict[str, Any], str]:
    """A run of which something has moved, while answers are slow and some are lost; and its path."""
    scan = house.scan()
    assert scan["counts"]["move"] == MESSAGES
    house.faults(SLOW, LOST)
    run = house.approve(scan)
    path = f"/moves/{run['id']}"
    house.until(lambda: house.ask("GET", path, 200).json()["moved"] > 0, "a message to move", pause=0.1)
    return run, path


def rested(house: Any, path: str) -> dict[str, Any]:
    """The run once what was in flight has ended: that it says so, and that nothing moves any more."""
    first = house.until(lambda: unchanged(house, path), "it to stand down", pause=0)
    assert (first["state"], first["eta_seconds"]) == ("paused", None)
    assert 0 < first["moved"] < MESSAGES
    return dict(first)


def unchanged(house: Any, path: str) -> dict[str, Any] | None:
    first, places = house.ask("GET", path, 200).json(), house.places()
    time.sleep(STILL)
    same = house.ask("GET", path, 200).json() == first and house.places() == places
    return dict(first) if same else None


def test_a_paused_run_outlives_the_process_and_goes_on(house: Any) -> None:
    """Killed while it rests it still rests; killed again as it goes on it ends, each message moved once."""
    before = house.places()
    run, path = begun(house)
    assert house.ask("POST", f"{path}/pause", 200).json()["state"] == "paused"
    resting = rested(house, path)
    house.kill("gateway")
    house.restart("gateway")
    assert rested(house, path)["moved"] == resting["moved"]
    assert house.ask("POST", f"{path}/resume", 200).json()["state"] == "running"
    house.until(lambda: house.ask("GET", path, 200).json()["moved"] > resting["moved"], "it to go on", pause=0.1)
    house.kill("gateway")
    house.restart("gateway")
    ended = house.ended(path)
    assert (ended["state"], ended["moved"]) == ("done", MESSAGES)
    moved = house.moved_since(before)
    assert (len(moved), {house.moves()[one] for one in moved}) == (MESSAGES, {1})
    undo = house.ended(f"/moves/{house.undo(run)['id']}")
    assert (undo["moved"], house.moved_since(before)) == (MESSAGES, set())


@pytest.mark.parametrize("paused", [False, True], ids=["running", "paused"])
def test_a_stopped_run_says_what_it_left_alone(house: Any, paused: bool) -> None:  # noqa: FBT001  # pytest's own
    """What has moved is what the journal says, and can be undone; the rest was left where it was."""
    before = house.places()
    run, path = begun(house)
    if paused:
        house.ask("POST", f"{path}/pause", 200)
        rested(house, path)
    house.ask("POST", f"{path}/cancel", 200)
    ended = house.ended(path)
    rows = house.query("SELECT message_id, state, code FROM journal_entry WHERE run_id = ?", run["id"])
    moved = {message for message, state, _ in rows if state == "moved"}
    assert (ended["state"], ended["moved"], ended["skipped"]) == ("cancelled", len(moved), MESSAGES - len(moved))
    assert 0 < len(moved) < MESSAGES
    assert {(state, code) for _, state, code in rows} == {("moved", None), ("skipped", "stopped")}
    assert house.moved_since(before) == moved
    assert {house.moves()[one] for one in moved} == {1}
    assert house.ask("POST", f"{path}/cancel", 200).json() == ended
    undo = house.ended(f"/moves/{house.undo(run)['id']}")
    assert (undo["moved"], house.moved_since(before)) == (len(moved), set())


def test_a_run_that_waits_is_stopped_at_once(house: Any) -> None:
    """Behind a scan of the same mailbox: nothing has begun, so nothing is waited for."""
    scan, before = house.scan(), house.places()
    house.faults(DELTA)
    busy = house.ask("POST", "/scans", 202, json={}).json()
    run = house.approve(scan)
    stopped = house.ask("POST", f"/moves/{run['id']}/cancel", 200).json()
    assert (stopped["state"], stopped["skipped"]) == ("cancelled", MESSAGES)
    house.ended(f"/scans/{busy['id']}")
    assert house.scan()["state"] == "done"  # by then its turn in the queue is over
    assert house.moved_since(before) == set()
    assert house.ask("GET", f"/moves/{run['id']}", 200).json() == stopped
