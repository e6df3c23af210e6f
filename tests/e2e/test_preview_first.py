"""`consent = "preview-first"` through the door, with every process real: look, be asked, agree, move."""

import secrets
from contextlib import ExitStack
from typing import Any

import pytest

from cli.proof import SessionKey
from cli.sign_in import walk

VERIFIER, CHALLENGE = "v" * 43, "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"


def looking_only(house: Any, _: ExitStack) -> None:
    """Before anything starts: the gateway asks for less."""
    path = house.place.path("settings", "gateway.toml")
    path.write_text(path.read_text().replace("[microsoft]\n", '[microsoft]\nconsent = "preview-first"\n'))


@pytest.fixture(scope="module")
def house(lasting_house: Any) -> Any:
    return lasting_house("sample", looking_only)


def approve(house: Any, scan: dict[str, Any], key: str) -> Any:
    headers = {"If-Match": f'"{scan["revision"]}"', "Idempotency-Key": key}
    return house.ask("POST", "/moves", json={"scan_id": scan["id"]}, headers=headers)


def agree(house: Any) -> None:
    """The owner goes to Microsoft once more; the session is a new one afterwards."""
    begun = house.ask("POST", "/sign-in", 200, json={"challenge": CHALLENGE, "access": "full"}).json()
    code = walk(house.http, begun["url"], house.house.url)
    path = "/api/v1/session/exchange"
    headers = SessionKey().headers(f"{house.house.url}{path}")
    answer = house.http.post(path, json={"code": code, "verifier": VERIFIER}, headers=headers)
    house.token = answer.raise_for_status().json()["access_token"]


def test_look_be_asked_agree_move(house: Any) -> None:
    """The whole preview works without the permission to move; the first approval is told to ask; then it moves."""
    house.choose_all()
    scan = house.scan()
    assert scan["state"] == "done"
    before, key = house.places(), secrets.token_hex(8)
    refused = approve(house, scan, key)
    assert (refused.status_code, refused.json()["code"]) == (409, "needs_consent")
    assert house.moved_since(before) == set()
    agree(house)
    run = approve(house, scan, key)
    assert run.status_code == 202, run.text
    assert house.ended(f"/moves/{run.json()['id']}")["moved"] > 0
    assert house.moved_since(before)
