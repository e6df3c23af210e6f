"""A Graph that fails, lies or goes in circles: a scan gets through, or it fails with a code that says what to do."""

import secrets
from typing import Any

import pytest

DELTA = "GET /me/mailFolders/{folder}/messages/delta"
FAULTS: tuple[dict[str, Any], ...] = (
    {"fault": "throttle", "nth": [2, 5], "retry_after": "0.05", "route": DELTA},
    {"fault": "unavailable", "nth": [3], "retry_after": "0.05", "route": DELTA},
    {"fault": "reset_before", "nth": [6], "route": DELTA},
    {"fault": "gateway_timeout", "nth": [4], "route": DELTA},
    {"fault": "stale_delta", "nth": [7], "route": DELTA},
    {"fault": "duplicate_delta_entry", "rate": 0.3, "route": DELTA},
    {"fault": "latency", "rate": 0.3, "seconds": 0.02, "route": DELTA},
)


def decided(house: Any, scan: dict[str, Any]) -> list[tuple[str]]:
    return list(house.query("SELECT message_id FROM decision WHERE scan_id = ?", scan["id"]))


def test_five_thousand_messages_through_faults(watched: Any) -> None:
    """Throttled, away, cut, forgotten in the middle: every message is decided, each once, and none moves."""
    before = watched.places()
    with watched.faulty(*FAULTS):
        scan = watched.scan_of("inbox")
    assert (scan["state"], scan["error_code"]) == ("done", None)
    rows, folder = decided(watched, scan), inbox_id(watched)
    count = len([place for place in before.values() if place == folder])
    assert count >= 5000
    assert (len(rows), len(set(rows)), scan["done"]) == (count, count, count)
    assert watched.moved_since(before) == set()


def inbox_id(house: Any) -> str:
    folders = house.control("GET", "/state")["folders"]
    return str(next(one["id"] for one in folders if one["well_known"] == "inbox" and one["user"] == "you@sandbox.test"))


def test_pages_that_go_in_circles_end(watched: Any) -> None:
    """A next link that leads back to where it came from: the scan fails as a refused link, after few pages."""
    with watched.faulty({"fault": "pagination_loop", "rate": 1.0, "route": DELTA}):
        scan = watched.scan_of("inbox")
    assert (scan["state"], scan["error_code"]) == ("failed", "link_refused")
    ((pages,),) = watched.query("SELECT pages FROM scan WHERE id = ?", scan["id"])
    assert pages <= 10
    watched.ask("POST", "/moves", 409, json={"scan_id": scan["id"]}, headers=headers(scan))


def headers(scan: dict[str, Any]) -> dict[str, str]:
    return {"If-Match": f'"{scan["revision"]}"', "Idempotency-Key": secrets.token_hex(8)}


@pytest.mark.parametrize("fault", ["garbage_json", "unavailable"])
def test_a_graph_that_stays_broken_fails_the_scan(watched: Any, fault: str) -> None:
    """For as long as it lasts: failed with a code, nothing decided, nothing moved. Once it is over: done."""
    place = f"Broken Graph {secrets.token_hex(4)}"
    watched.deliver({"subject": "one"}, folder=place)
    before = watched.places()
    with watched.faulty({"fault": fault, "rate": 1.0, "route": DELTA, "retry_after": "0"}):
        scan = watched.scan_of(place)
    assert (scan["state"], scan["done"]) == ("failed", 0)
    assert scan["error_code"] in {"answer_garbled", "graph_unavailable"}
    assert watched.moved_since(before) == set()
    assert watched.scan_of(place)["state"] == "done"


def test_a_folder_that_is_gone_fails_the_scan(watched: Any) -> None:
    """The scanned folder was deleted meanwhile: failed, and the code says so."""
    place = f"Gone {secrets.token_hex(4)}"
    watched.deliver({"subject": "one"}, folder=place)
    folder = watched.folder(place)
    with watched.faulty({"fault": "folder_gone", "rate": 1.0, "route": DELTA}):
        scan = watched.ask("POST", "/scans", 202, json={"folder_id": folder}).json()
        failed = watched.ended(f"/scans/{scan['id']}")
    assert (failed["state"], failed["error_code"]) == ("failed", "folder_gone")


def test_microsoft_wants_the_owner_again(watched: Any) -> None:
    """Consent revoked: the scan fails and says that signing in helps; so does each live page; signing in helps."""
    place = f"Sign in {secrets.token_hex(4)}"
    watched.deliver({"subject": "one"}, folder=place)
    folder = {"folder_id": watched.folder(place)}
    before = watched.places()
    challenged = {"fault": "claims_challenge", "nth": [1], "route": DELTA}
    with watched.faulty(challenged, {"fault": "invalid_grant", "rate": 1.0}):
        failed = watched.ended(f"/scans/{watched.ask('POST', '/scans', 202, json=folder).json()['id']}")
    assert (failed["state"], failed["error_code"]) == ("failed", "needs_sign_in")
    assert watched.ask("GET", "/folders", 409).json()["code"] == "needs_sign_in"
    again = watched.ended(f"/scans/{watched.ask('POST', '/scans', 202, json=folder).json()['id']}")
    assert again["error_code"] == "needs_sign_in"
    watched.sign_in()
    assert watched.scan_of(place)["state"] == "done"
    assert watched.moved_since(before) == set()


def test_a_claims_challenge_is_answered(watched: Any) -> None:
    """Graph wants a fresh token in the middle of a scan: it gets one, and the scan ends as if nothing had been."""
    with watched.faulty({"fault": "claims_challenge", "nth": [2], "route": DELTA}):
        assert watched.scan_of("Waiting")["state"] == "done"
