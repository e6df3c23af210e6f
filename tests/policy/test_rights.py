"""What is kept of a person and for how long, and their rights, as they meet them."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile


def test_a_person_is_told_what_is_held_why_and_until_when(installation: Any) -> None:
    """Every row has a purpose and an end."""
    held = installation.house.ask("GET", "/api/v1/me/data", 200).json()["items"]
    assert len(held) > 5
    assert [one for one in held if not one["why"] or not one["kept_for"]] == []


def test_erasing_ends_it_all(installation: Any) -> None:
    """An export first, with the mailbox in it; then the key is gone, the session too, and a receipt has two dates."""
    house = installation.house
    mailbox = house.mailbox
    with ZipFile(BytesIO(house.ask("GET", "/api/v1/me/export", 200).content)) as export:
        assert mailbox in export.read("mailbox.json").decode()
    receipt = house.ask("POST", "/api/v1/me/erasure", 200, json={"confirm": "erase everything"}).json()
    assert receipt["unreadable_at"] <= receipt["irrecoverable_at"]
    assert house.ask("GET", "/api/v1/session").status_code == 401
    assert house.query("SELECT count(*) FROM person_key") == [(0,)]
    house.sign_in()
    assert house.mailbox != mailbox
