"""Tokens and keys at the real door: processes of their own, TLS, a database, an authority."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli import key_file, up
from cli import sign_in as walking
from cli.gateway_client import GatewayClient
from cli.house import free_port
from cli.proof import SessionKey

COOKIE = "__Host-mail-organiser-refresh"
KEYS = Path(sys.executable).parent / "mail-organiser-gateway-token-keys"
LOOK_S = 30.0  # a busy machine's five seconds
METRICS_PORT = free_port()


@pytest.fixture(scope="module")
def house(lasting_house: Any) -> Any:
    """A house of their own: its signing keys are rotated, and what it counts is looked at."""

    def adjust(house: Any, _: ExitStack) -> None:
        path = house.place.path("settings", "gateway.toml")
        path.write_text(f"metrics_port = {METRICS_PORT}\n{path.read_text()}")

    return lasting_house("sample", adjust)


@pytest.fixture(scope="module")
def tab(house: Any) -> Iterator["Tab"]:
    """A tab in a browser of its own, signed in; one, because an address has 30 requests a minute to sign in with."""
    with up._client(house.house) as http:
        yield Tab(house, http)


class Tab:
    """What a page has: its access token. The browser beside it keeps the cookie."""

    def __init__(self, house: Any, http: httpx.Client) -> None:
        self.house, self.http = house, http
        self.sign_in()

    def sign_in(self) -> None:
        self.http.cookies.clear()
        self.own = SessionKey()
        self.token = str(walking.sign_in(self.http, self.house.house.url, self.own)["access_token"])

    @property
    def cookie(self) -> str:
        return str(self.http.cookies[COOKIE])

    def refresh(self, token: str, cookie: str, key: SessionKey | None = None) -> httpx.Response:
        self.http.cookies.clear()
        url = self.house.house.url
        headers = {"Origin": url, "Cookie": f"{COOKIE}={cookie}"}
        headers |= (key or self.own).headers(f"{url}/api/v1/session/refresh")
        return self.http.post("/api/v1/session/refresh", json={"access_token": token}, headers=headers)

    def ask(self, method: str, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token or self.token}", **options.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **options)

    def mailboxes(self, token: str) -> set[str]:
        return {row["id"] for row in self.ask("GET", "/api/v1/mailboxes", token).json()["items"]}

    def key(self, *scopes: str, **more: Any) -> dict[str, Any]:
        wanted = {"name": "A program", "scopes": scopes, "expires_in_days": 1, **more}
        answer = self.ask("POST", "/api/v1/api-keys", json=wanted)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


def count(house: Any, name: str) -> float:
    page = house.scraped(METRICS_PORT).decode()
    return next(float(line.split()[1]) for line in page.splitlines() if line.startswith(f"{name} "))


def test_signed_in_refreshed_stolen_and_dead(house: Any, tab: Tab) -> None:
    """Sign-in, exchange, refresh, refresh; the first cookie comes back a minute later, and everything is over.

    Afterwards the tab signs in again, as its person would have to.
    """
    first = tab.cookie
    assert tab.ask("GET", "/api/v1/mailboxes").status_code == 200
    thief = tab.refresh(tab.token, first, SessionKey())
    assert (thief.status_code, thief.json()["code"]) == (400, "invalid_dpop_proof")
    second = tab.refresh(tab.token, first)
    assert second.status_code == 200, second.text
    again, newest = tab.refresh(tab.token, first), second.json()["access_token"]
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert tab.ask("GET", "/api/v1/mailboxes").status_code == 401
    assert tab.ask("GET", "/api/v1/mailboxes", newest).status_code == 200
    with closing(sqlite3.connect(house.place.path("data", "gateway.sqlite"), timeout=10)) as database:
        database.execute("UPDATE refresh_token SET spent_at = spent_at - 60000")
        database.commit()
    before = count(house, "gateway_refresh_reuse_total")
    assert tab.refresh(tab.token, first).status_code == 401
    assert tab.ask("GET", "/api/v1/mailboxes", newest).status_code == 401
    assert tab.refresh(newest, second.headers["set-cookie"].partition(";")[0].partition("=")[2]).status_code == 401
    assert count(house, "gateway_refresh_reuse_total") == before + 1
    assert house.query("SELECT count(*) FROM audit_event WHERE kind = 'session.refresh_reused'") == [(1,)]
    assert not any(secret in house.logs() for secret in (first, tab.token, newest))
    tab.sign_in()


def test_a_key_scans_and_can_not_move(house: Any, tab: Tab) -> None:
    """Made, used for a whole scan; a move is refused by name of the scope, and nothing has moved."""
    house.choose_all()
    key, places = tab.key("read", "folders", "scan"), house.places()
    mailbox = f"/api/v1/mailboxes/{house.mailbox}"
    started = tab.ask("POST", f"{mailbox}/scans", key["key"], json={})
    assert started.status_code == 202, started.text
    scan = house.ended(f"/scans/{started.json()['id']}")
    page = tab.ask("GET", f"{mailbox}/scans/{scan['id']}/decisions", key["key"])
    assert page.json()["items"]
    headers = {"If-Match": f'"{scan["revision"]}"', "Idempotency-Key": "once"}
    body = {"scan_id": scan["id"]}
    refused = tab.ask("POST", f"{mailbox}/moves", key["key"], json=body, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert "scope move" in refused.json()["detail"]
    assert not house.moved_since(places)
    mover = tab.key("move")
    moving = tab.ask("POST", f"{mailbox}/moves", mover["key"], json=body, headers=headers)
    assert moving.status_code == 202, moving.text
    assert tab.ask("GET", f"{mailbox}/moves/{moving.json()['id']}", mover["key"]).status_code == 403
    run = house.ended(f"/moves/{moving.json()['id']}")
    house.ended(f"/moves/{house.undo(run)['id']}")
    assert tab.ask("DELETE", f"/api/v1/api-keys/{key['id']}").status_code == 204
    assert tab.ask("GET", mailbox + "/folders", key["key"]).status_code == 401
    assert not any(made["key"] in house.logs() for made in (key, mover))


def test_a_key_for_one_mailbox_opens_no_other(house: Any, tab: Tab) -> None:
    """The other is as absent as another person's; nor is it listed."""
    key = tab.key("read", mailbox_id=house.mailbox)
    assert tab.ask("GET", f"/api/v1/mailboxes/{house.mailbox}/folders", key["key"]).status_code == 200
    with closing(sqlite3.connect(house.place.path("data", "gateway.sqlite"), timeout=10)) as database:
        database.execute(  # a second mailbox of the same person, as several have
            "INSERT INTO mailbox SELECT 'mbx_second', person_id, x'02', address_sealed, created_at FROM mailbox LIMIT 1"
        )
        database.commit()
    try:
        assert {row["id"] for row in tab.ask("GET", "/api/v1/mailboxes").json()["items"]} == {
            house.mailbox,
            "mbx_second",
        }
        assert [row["id"] for row in tab.ask("GET", "/api/v1/mailboxes", key["key"]).json()["items"]] == [house.mailbox]
        assert tab.ask("GET", "/api/v1/mailboxes/mbx_second/corrections").status_code == 200
        assert tab.ask("GET", "/api/v1/mailboxes/mbx_second/corrections", key["key"]).status_code == 404
    finally:
        with closing(sqlite3.connect(house.place.path("data", "gateway.sqlite"), timeout=10)) as database:
            database.execute("DELETE FROM mailbox WHERE id = 'mbx_second'")
            database.commit()


def test_the_command_line_comes_in_with_a_key(house: Any, tab: Tab, tmp_path: Path) -> None:
    """As `up --key-file` does: no sign-in, the same client."""
    path = tmp_path / "key"
    path.write_text(tab.key("read", "folders", "scan")["key"])
    path.chmod(0o600)
    client = GatewayClient(tab.http, lambda: key_file.signed_in(tab.http, house.house.url, path))
    assert client.folders()


def test_a_key_is_made_listed_and_revoked_at_the_terminal(house: Any, tab: Tab) -> None:
    """The key alone on stdout, in no list; revoked by its id."""
    where = ("--gateway", house.house.url, "--authority", house.house.authority)

    def run(action: str, *arguments: str) -> tuple[int, str, str]:
        command = [KEYS.with_name("mail-organiser"), "api-key", action, *where, *arguments]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        return told.returncode, told.stdout, told.stderr

    code, key, _ = run("make", "--name", "At night \u202e", "--scope", "read", "--scope", "scan")
    assert code == 0
    assert tab.ask("GET", "/api/v1/mailboxes", key.strip()).status_code == 200
    _, listed, _ = run("list")
    (line,) = [one for one in listed.splitlines() if "At night" in one]
    assert key.strip() not in listed
    assert "\u202e" not in listed
    assert run("revoke", line.split()[0])[0] == 0
    assert tab.ask("GET", "/api/v1/mailboxes", key.strip()).status_code == 401


def test_a_leaked_signing_key_is_destroyed_beside_a_running_gateway(house: Any, tab: Tab) -> None:
    """Rotate: nothing happens to anybody. Destroy the former: its tokens are refused in seconds, new ones are made."""
    settings = house.place.path("settings", "gateway.toml")

    def run(*arguments: str) -> list[str]:
        told = subprocess.run([KEYS, "--settings", settings, *arguments], capture_output=True, text=True, check=True)
        return told.stdout.splitlines()

    former = run("list")[0].split()[0]
    run("rotate")
    assert tab.ask("GET", "/api/v1/mailboxes").status_code == 200
    run("destroy", former)
    house.until(lambda: tab.ask("GET", "/api/v1/mailboxes").status_code == 401, "the key to be refused", LOOK_S, 0.5)
    assert tab.refresh(tab.token, "x" * 43).status_code == 401
    house.sign_in()
    assert house.ask("GET", "/api/v1/mailboxes").status_code == 200
