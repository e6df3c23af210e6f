"""Our own tokens where a browser meets them: how long they live, where they are, and that they end."""

import base64
import json
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest

from cli.proof import SessionKey
from cli.sign_in import sign_in

REFRESH = "__Host-mail-organiser-refresh"


class Tab:
    """A browser that signed in: what it was answered, and which cookies it was told to keep."""

    def __init__(self, house: Any, client: httpx.Client) -> None:
        self.told: list[str] = []
        client.event_hooks["response"].append(lambda one: self.told.extend(one.headers.get_list("set-cookie")))
        self.client = client
        self.answer = sign_in(client, house.house.url, SessionKey())
        self.token = str(self.answer["access_token"])

    def ask(self, method: str, path: str) -> httpx.Response:
        return self.client.request(method, path, headers={"Authorization": f"Bearer {self.token}"})


@pytest.fixture(scope="module")
def tab(installation: Any, calling_from: Any) -> Any:
    with calling_from(installation.house, "127.0.0.83") as client:
        yield Tab(installation.house, client)


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def test_an_access_token_lasts_ten_minutes(tab: Tab) -> None:
    """By its own claims, and by what the page is told."""
    found = claims(tab.token)
    assert found["exp"] - found["iat"] == 600
    assert 0 < int(str(tab.answer["expires_in"])) <= 600


def test_the_refresh_token_is_where_no_script_reads_it(tab: Tab) -> None:
    """In a cookie of this host alone, over TLS alone, for our own pages alone; in no body."""
    (kept,) = [SimpleCookie(line)[REFRESH] for line in tab.told if line.startswith(f"{REFRESH}=")]
    assert (kept["httponly"], kept["secure"], kept["samesite"].lower(), kept["domain"]) == (True, True, "strict", "")
    assert kept.value not in json.dumps(tab.answer)


def test_the_access_token_is_in_no_cookie(tab: Tab) -> None:
    """It is in the answer's body alone: no page of another origin can have it sent."""
    assert [line for line in tab.told if tab.token in line] == []


def test_a_session_that_was_signed_out_opens_nothing(installation: Any, calling_from: Any) -> None:
    """The very next request with its token, although its ten minutes are not over."""
    with calling_from(installation.house, "127.0.0.84") as client:
        ending = Tab(installation.house, client)
        assert ending.ask("GET", "/api/v1/session").status_code == 200
        assert ending.ask("DELETE", "/api/v1/session").status_code == 204
        assert ending.ask("GET", "/api/v1/session").status_code == 401
