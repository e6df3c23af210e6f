"""Disconnecting a mailbox through the door, with every process real: gone to the last byte, and new when it comes."""

import secrets
from typing import Any


def test_a_mailbox_goes_and_comes_back_as_a_new_one(make_house: Any) -> None:
    """A scan under way is ended, what was moved stays moved, the person stays; signing in connects a new mailbox."""
    house = make_house()
    house.choose_all()
    house.ended(f"/moves/{house.approve(house.scan())['id']}")
    gone, places = house.mailbox, house.places()
    ((person,),) = house.query("SELECT person_id FROM mailbox")
    with house.faulty({"fault": "latency", "rate": 1, "seconds": 0.3}):
        scan = house.ask("POST", "/scans", 202, json={}).json()
        house.until(
            lambda: house.ask("GET", f"/scans/{scan['id']}", 200).json()["state"] == "running", "the scan to run"
        )
        receipt = house.ask("DELETE", f"/api/v1/mailboxes/{gone}", 200).json()
    assert (receipt["person_id"], receipt["mailbox_id"], receipt["rewritten"]) == (person, gone, True)
    assert house.ask("DELETE", f"/api/v1/mailboxes/{gone}").status_code == 404
    assert house.ask("GET", "/api/v1/mailboxes", 200).json()["items"] == []
    for table in ("scan", "decision", "move_run", "journal_entry", "folder", "token_cache", "profile"):
        assert house.query(f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608  # names of ours
    data = house.place.path("data", "gateway.sqlite").parent
    assert not any(gone.encode() in path.read_bytes() for path in data.iterdir())
    assert house.moved_since(places) == set()
    house.sign_in()
    assert house.mailbox != gone
    assert house.query("SELECT person_id FROM mailbox") == [(person,)]


def test_a_mailbox_stays_while_its_messages_are_moved(make_house: Any) -> None:
    """409 and why; when the run has ended, it goes."""
    house = make_house()
    house.choose_all()
    scan = house.scan()
    headers = {"If-Match": f'"{scan["revision"]}"', "Idempotency-Key": secrets.token_hex(8)}
    with house.faulty({"fault": "latency", "rate": 1, "seconds": 0.5}):
        run = house.ask("POST", "/moves", 202, json={"scan_id": scan["id"]}, headers=headers).json()
        refused = house.ask("DELETE", f"/api/v1/mailboxes/{house.mailbox}")
        house.ended(f"/moves/{run['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "failed_precondition")
    assert "being moved" in refused.json()["detail"]
    house.ask("DELETE", f"/api/v1/mailboxes/{house.mailbox}", 200)
