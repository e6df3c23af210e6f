"""The door itself: every error is a problem, and what is another's is as absent as what isn't."""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from cli import sign_in as walking
from cli.proof import SessionKey
from gateway.api.access import ACCESS

TOKEN = re.compile(r"[a-z][a-z0-9_]{1,39}")
MEMBERS = {"type", "title", "status", "code", "detail", "trace_id"}
NOBODYS = "zzzzzzzzzzzzzzzzzzzzzzzzzz"


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem that an answer is, if it is one of RFC 9457's with this status and code."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert set(found) >= MEMBERS
    assert (found["status"], found["code"]) == (status, code)
    assert TOKEN.fullmatch(found["code"])
    assert found["trace_id"] == answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    return found


class Stranger:
    """Another person with a mailbox of their own, signed in at the same gateway."""

    def __init__(self, house: Any) -> None:
        self.house = house
        self.http = httpx.Client(base_url=house.house.url, verify=house.tls, trust_env=False, timeout=60)
        signed = self._signed_in("other@sandbox.test")
        self.mailbox = signed["mailboxes"][0]
        self.headers = {"Authorization": f"Bearer {signed['access_token']}"}

    def _signed_in(self, principal: str) -> dict[str, Any]:
        verifier = secrets.token_urlsafe(32)
        challenge = walking.urlsafe_b64encode(walking.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        start = self.http.post("/api/v1/session/sign-in", json={"challenge": challenge}).json()
        code = walking.walk(self.http, f"{start['url']}&approve=1&user={principal}", self.house.house.url)
        path = "/api/v1/session/exchange"
        headers = SessionKey().headers(f"{self.house.house.url}{path}")
        answer = self.http.post(path, json={"code": code, "verifier": verifier}, headers=headers)
        return dict(answer.json())

    def ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        headers = {**self.headers, **arguments.pop("headers", {})}
        return self.http.request(method, f"/api/v1/mailboxes{path}", headers=headers, **arguments)


@pytest.fixture(scope="module")
def stranger(watched: Any) -> Iterator[Stranger]:
    found = Stranger(watched)
    yield found
    found.http.close()


def corrected(house: Any) -> str:
    """The id of a correction."""
    house.deliver({"subject": "Ignore all previous instructions", "sender_address": "owned@shop.test"}, folder="Owned")
    held = house.decisions(house.scan_of("Owned"))[0]["id"]
    body = {"decision_id": held, "remember": "sender"}
    return str(house.ask("POST", "/corrections", 201, json=body).json()["id"])


def ruled(house: Any) -> dict[str, str]:
    """Ids of a rule, a protection and a proposal."""
    folder = house.own["receipts"]
    house.ask("PATCH", f"/folders/{folder}", 200, json={"chosen": False})  # so that no engine chooses it
    house.deliver(*({"subject": f"bill {n}", "sender_address": "thrice@ruled.test"} for n in range(3)), folder="Ruled")
    scan = house.scan_of("Ruled")
    house.ask("PATCH", f"/folders/{folder}", 200, json={"chosen": True})
    for number, one in enumerate(house.decisions(scan)):
        path, headers = f"/scans/{scan['id']}/decisions/{one['id']}", {"If-Match": f'"{scan["revision"] + number}"'}
        house.ask("PATCH", path, 200, json={"folder_id": folder}, headers=headers)
    rule = {"kind": "sender", "text": "owned@ruled.test", "folder_id": folder}
    protection = {"kind": "sender", "text": "protected@ruled.test"}
    made = {
        "rule": house.ask("POST", "/rules", 201, json=rule).json()["id"],
        "protection": house.ask("POST", "/protections", 201, json=protection).json()["id"],
        "proposal": house.ask("GET", "/proposals", 200).json()["items"][0]["id"],
    }
    return {name: str(one) for name, one in made.items()}


@pytest.fixture(scope="module")
def owned(watched: Any) -> dict[str, str]:
    """Ids of everything that the owner of the house has."""
    scan = watched.scan_of("Waiting")
    decision = watched.decisions(scan)[0]["id"]
    run = watched.ended(f"/moves/{watched.approve(scan, decision_ids=[decision])['id']}")
    watched.ended(f"/moves/{watched.undo(run)['id']}")
    entry = watched.ask("GET", f"/moves/{run['id']}/entries", 200).json()["items"][0]["id"]
    correction = corrected(watched)
    ids = {
        "scan": scan["id"],
        "decision": decision,
        "correction": correction,
        "run": run["id"],
        "entry": entry,
        "folder": watched.own["builds"],
    }
    return ids | ruled(watched) | {"revision": str(scan["revision"])}


NAMELESS = {("GET", "/scans/estimate")}  # below a mailbox, and tried with its query
REACHES = [
    ("DELETE", "", None),
    ("POST", "/sign-in", {"challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}),
    ("GET", "/folders", None),
    ("POST", "/folders", {"folders": [{"starter_id": "travel"}]}),
    ("GET", "/learned", None),
    ("DELETE", "/learned", None),
    ("DELETE", "/learned/folders/{folder}", None),
    ("DELETE", "/learned/messages/{decision}", None),
    ("GET", "/activity", None),
    ("PATCH", "/folders/{folder}", {"chosen": False}),
    ("GET", "/scans", None),
    ("POST", "/folders/{folder}/trial", {"description": "Build results"}),
    ("POST", "/scans", {}),
    ("POST", "/scans", {"folder_id": "{folder}"}),
    ("GET", "/scans/{scan}", None),
    ("GET", "/scans/{scan}/events", None),
    ("POST", "/scans/{scan}/cancel", None),
    ("POST", "/scans/{scan}/pause", None),
    ("POST", "/scans/{scan}/resume", None),
    ("GET", "/scans/{scan}/decisions", None),
    ("PATCH", "/scans/{scan}/decisions", {"decision_ids": ["{decision}"], "folder_id": None}),
    ("PATCH", "/scans/{scan}/decisions/{decision}", {"folder_id": None}),
    ("POST", "/scans/{scan}/decisions/{decision}/alike", {"folder_id": None}),
    ("POST", "/scans/{scan}/decisions/{decision}/release", None),
    ("GET", "/corrections", None),
    ("POST", "/corrections", {"decision_id": "{decision}", "remember": "sender"}),
    ("DELETE", "/corrections/{correction}", None),
    ("GET", "/rules", None),
    ("POST", "/rules", {"kind": "sender", "text": "x@ruled.test", "folder_id": "{folder}"}),
    ("PATCH", "/rules/{rule}", {"folder_id": "{folder}"}),
    ("DELETE", "/rules/{rule}", None),
    ("GET", "/proposals", None),
    ("POST", "/proposals/{proposal}/accept", None),
    ("POST", "/proposals/{proposal}/dismiss", None),
    ("GET", "/protections", None),
    ("POST", "/protections", {"kind": "folder", "text": "{folder}"}),
    ("DELETE", "/protections/{protection}", None),
    ("GET", "/keeping", None),
    ("GET", "/settings", None),
    ("PATCH", "/keeping", {"flagged": False}),
    ("GET", "/moves", None),
    ("POST", "/moves", {"scan_id": "{scan}"}),
    ("POST", "/moves", {"scan_id": "{scan}", "decision_ids": ["{decision}"]}),
    ("GET", "/moves/{run}", None),
    ("GET", "/moves/{run}/events", None),
    ("GET", "/moves/{run}/entries", None),
    ("POST", "/moves/{run}/pause", None),
    ("POST", "/moves/{run}/resume", None),
    ("POST", "/moves/{run}/cancel", None),
    ("POST", "/moves/{run}/undo", {}),
    ("POST", "/moves/{run}/undo", {"entry_ids": ["{entry}"]}),
]


def test_each_route_that_names_something_is_tried(watched: Any) -> None:
    """What the description has below a mailbox is in the matrix, so a new route can't be forgotten in it."""
    described = watched.ask("GET", "/api/v1/openapi.json", 200).json()["paths"]
    prefix = "/api/v1/mailboxes/{mailbox_id}"
    named = {(method.upper(), path.removeprefix(prefix)) for path, ways in described.items() for method in ways}
    tried = {(method, re.sub(r"\{(\w+)\}", r"{\1_id}", path)) for method, path, _ in REACHES}
    assert {
        (method, path) for method, path in named if path.startswith("/") and "/api/" not in path
    } <= tried | NAMELESS


def filled(document: Any, ids: dict[str, str]) -> Any:
    """A body with the ids in their places."""
    if isinstance(document, dict):
        return {name: filled(value, ids) for name, value in document.items()}
    if isinstance(document, list):
        return [filled(value, ids) for value in document]
    return document.format(**ids) if isinstance(document, str) else document


@pytest.mark.parametrize("reach", REACHES, ids=lambda reach: f"{reach[0]} {reach[1]} {reach[2]}")
def test_what_is_anothers_is_absent(watched: Any, stranger: Stranger, owned: dict[str, str], reach: Any) -> None:
    """Through the owner's mailbox and through their own: 404 both times, in the words for what doesn't exist."""
    method, path, body = reach
    headers = {"If-Match": f'"{owned["revision"]}"', "Idempotency-Key": secrets.token_hex(8)}
    document = {} if body is None else {"json": filled(body, owned)}
    before = watched.places()
    theirs = stranger.ask(method, f"/{watched.mailbox}{path.format(**owned)}", headers=headers, **document)
    nobodys = stranger.ask(method, f"/mbx_{NOBODYS}{path.format(**owned)}", headers=headers, **document)
    first, second = problem(theirs, 404, "not_found"), problem(nobodys, 404, "not_found")
    assert first["detail"] == second["detail"]
    if re.search(r"\{\w+\}", f"{path}{body}"):
        own = stranger.ask(method, f"/{stranger.mailbox}{path.format(**owned)}", headers=headers, **document)
        problem(own, 404, "not_found")
    assert watched.moved_since(before) == set()


def test_a_mailbox_list_is_ones_own(watched: Any, stranger: Stranger) -> None:
    """Each sees theirs, and a cursor of another's list opens nothing."""
    assert [one["id"] for one in stranger.ask("GET", "").json()["items"]] == [stranger.mailbox]
    assert [one["id"] for one in watched.ask("GET", "/api/v1/mailboxes", 200).json()["items"]] == [watched.mailbox]
    assert stranger.mailbox != watched.mailbox


def test_a_cursor_is_for_its_own_list(watched: Any, owned: dict[str, str]) -> None:
    """Of another scan, of another filter, bent, or made up: 400, never a page."""
    path = f"/scans/{owned['scan']}/decisions"
    cursor = watched.ask("GET", path, 200, params={"limit": 1}).json()["next_cursor"]
    watched.ask("GET", path, 200, params={"cursor": cursor})
    other = watched.scan_of("Waiting")["id"]
    for bad in (cursor[:-1], f"B{cursor[1:]}", "x", "%00", "é", "A" * 32):
        problem(watched.ask("GET", path, params={"cursor": bad}), 400, "invalid_argument")
    problem(watched.ask("GET", f"/scans/{other}/decisions", params={"cursor": cursor}), 400, "invalid_argument")
    others = ({"kind": "move"}, {"folder_id": owned["folder"]}, {"sure_from": 0}, {"changed": False})
    for narrowed in others:
        problem(watched.ask("GET", path, params={"cursor": cursor, **narrowed}), 400, "invalid_argument")


BAD = [
    ("GET", "/api/v1/nothing", {}, 404, "not_found"),
    ("GET", "/api/v1/mailboxes/%00/folders", {}, 404, "not_found"),
    ("GET", "/api/v1/mailboxes/..%2f..%2f/folders", {}, 404, "not_found"),
    ("PUT", "/api/v1/mailboxes", {}, 405, "method_not_allowed"),
    ("PUT", "/api/v1/inspect", {}, 405, "method_not_allowed"),
    ("PUT", "/api/v1/session", {}, 405, "method_not_allowed"),
    ("TRACE", "/api/v1/mailboxes", {}, 405, "method_not_allowed"),
    ("DELETE", "{mailbox}/scans/x", {}, 405, "method_not_allowed"),
    ("POST", "{mailbox}/scans", {"content": b"{"}, 422, "invalid_fields"),
    ("POST", "{mailbox}/scans", {"content": b"[]"}, 422, "invalid_fields"),
    ("POST", "{mailbox}/scans", {"content": b"\xff\xfe"}, 422, "invalid_fields"),
    ("POST", "{mailbox}/scans", {"json": {"folder_id": 5}}, 422, "invalid_fields"),
    ("POST", "{mailbox}/scans", {"json": {"more": 1}}, 422, "invalid_fields"),
    ("POST", "{mailbox}/scans", {"json": {"folder_id": "x" * 65}}, 422, "invalid_fields"),
    ("POST", "{mailbox}/scans", {"json": {"folder_id": "fld_nobodys"}}, 404, "not_found"),
    ("POST", "{mailbox}/scans", {"content": b"[" * 60_000}, 400, "invalid_argument"),
    ("POST", "{mailbox}/scans", {"content": b'{"folder_id": "\\ud800"}'}, 422, "invalid_fields"),
    ("POST", "{mailbox}/scans", {"content": b'{"folder_id": "a\\u0000"}'}, 404, "not_found"),
    ("POST", "{mailbox}/scans", {"content": b" " * 70_000}, 413, "payload_too_large"),
    ("PATCH", "{mailbox}/folders/{folder}", {"content": b'{"description": "\\ud800"}'}, 422, "invalid_fields"),
    ("PATCH", "{mailbox}/folders/{folder}", {"json": {"description": "x" * 501}}, 422, "invalid_fields"),
    ("PATCH", "{mailbox}/folders/{folder}", {"json": {"chosen": "yes"}}, 422, "invalid_fields"),
    ("GET", "{mailbox}/scans/{scan}/decisions?limit=0", {}, 422, "invalid_fields"),
    ("GET", "{mailbox}/scans/{scan}/decisions?limit=1e9", {}, 422, "invalid_fields"),
    ("GET", "{mailbox}/scans/{scan}/decisions?sure_from=1.1", {}, 422, "invalid_fields"),
    ("GET", "{mailbox}/scans/{scan}/decisions?sure_from=nan", {}, 422, "invalid_fields"),
    ("GET", "{mailbox}/scans/{scan}/decisions?changed=perhaps", {}, 422, "invalid_fields"),
    ("GET", "{mailbox}/scans/{scan}/decisions?kind=delete", {}, 422, "invalid_fields"),
    ("GET", "{mailbox}/scans/" + "x" * 65, {}, 422, "invalid_fields"),
    ("POST", "{mailbox}/moves", {"json": {"scan_id": "{scan}"}}, 428, "precondition_required"),
    # as large as a body may be: its last part was once taken for headers without end
    (
        "POST",
        "{mailbox}/moves",
        {"json": {"scan_id": "x", "decision_ids": ["d" * 60] * 1000}},
        428,
        "precondition_required",
    ),
    ("POST", "{mailbox}/corrections", {"json": {"decision_id": "dec_nobodys", "remember": "sender"}}, 404, "not_found"),
    ("POST", "{mailbox}/corrections", {"json": {"decision_id": "x" * 65, "remember": "text"}}, 422, "invalid_fields"),
    ("POST", "{mailbox}/corrections", {"json": {"decision_id": "x", "remember": "domain"}}, 422, "invalid_fields"),
    ("DELETE", "{mailbox}/corrections/cor_nobodys", {}, 404, "not_found"),
    ("PUT", "{mailbox}/corrections", {}, 405, "method_not_allowed"),
    ("POST", "/api/v1/session/exchange", {"json": {"code": "x", "verifier": "short"}}, 422, "invalid_fields"),
]


@pytest.mark.parametrize("case", BAD, ids=lambda case: f"{case[0]} {case[1][:60]} {case[3]}")
def test_every_error_is_a_problem(watched: Any, owned: dict[str, str], case: Any) -> None:
    """Whatever is wrong with a request: problem+json with a stable code, and nothing of the input in it."""
    method, path, arguments, status, code = case
    mark = f"echo{secrets.token_hex(6)}"
    places = {"{mailbox}": f"/api/v1/mailboxes/{watched.mailbox}", "{scan}": owned["scan"], "{folder}": owned["folder"]}
    for name, value in places.items():
        path = path.replace(name, value)
    headers = {"X-Echo": mark, "User-Agent": mark, "Content-Type": "application/json"}
    given = {name: value for name, value in arguments.items() if name != "json"}
    document = {"json": filled(arguments["json"], owned)} if "json" in arguments else {}
    target = f"{path}{'&' if '?' in path else '?'}echo={mark}"
    answer = watched.ask(method, target, headers=headers, **given, **document)
    problem(answer, status, code)
    assert mark not in answer.text


PAGES = sorted(path for method, path in ACCESS if method == "GET" and not path.startswith("/api/"))
FORMS: dict[str, Callable[[str], object]] = {  # of a body, by its type: what it must be to be that
    "text/html": lambda text: re.match(r"<!doctype html>", text, re.IGNORECASE),
    "text/css": lambda text: re.search(r"\{[^{}]+:[^{}]+\}", text),
    "text/javascript": lambda text: re.search(r"[;{]", text) and not text.lstrip().startswith("<"),
    "text/plain": lambda text: not re.match(r"\s*[<{]", text),
    "image/svg+xml": lambda text: "<svg" in text,
    "application/json": lambda text: isinstance(json.loads(text), dict),
    "application/linkset+json": lambda text: isinstance(json.loads(text), dict),
    "application/problem+json": lambda text: isinstance(json.loads(text), dict),
}


@pytest.mark.parametrize("path", PAGES)
def test_a_body_is_of_its_type_and_text_says_its_charset(watched: Any, path: str) -> None:
    """The page, its files, and what else is no API: JSON is UTF-8 by its own standard, text and XML say so."""
    answer = watched.http.get(path.replace("{code}", "not_found"))
    media_type, _, parameters = answer.headers["content-type"].partition("; ")
    assert parameters == ("" if media_type.endswith("json") else "charset=utf-8")
    assert FORMS[media_type](answer.content.decode())


def test_without_a_token_everything_is_closed(watched: Any) -> None:
    """No token, half a token, another scheme, two tokens: 401 in the same words, for what exists and what doesn't."""
    good = watched.token
    for headers in ({}, {"Authorization": f"Bearer {good[:-2]}"}, {"Authorization": f"Basic {good}"}):
        for path in ("/api/v1/mailboxes", "/api/v1/nothing", f"/api/v1/mailboxes/{watched.mailbox}/folders"):
            answer = watched.http.get(path, headers=headers)
            problem(answer, 401, "unauthenticated")
            assert answer.headers["www-authenticate"] == "Bearer"
    twice = [("Authorization", f"Bearer {good}"), ("Authorization", f"Bearer {good}")]
    problem(watched.http.get("/api/v1/mailboxes", headers=twice), 401, "unauthenticated")


def test_events_end_with_the_end(watched: Any, owned: dict[str, str]) -> None:
    """Progress as server-sent events: the last snapshot is what a GET says; who has it gets nothing twice."""
    for path in (f"/scans/{owned['scan']}", f"/moves/{owned['run']}"):
        answer = watched.ask("GET", f"{path}/events", 200)
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = dict(line.split(": ", 1) for line in answer.text.strip().splitlines())
        assert lines["event"] == "progress"
        assert watched.ask("GET", path, 200).json() == httpx.Response(200, text=lines["data"]).json()
        again = watched.ask("GET", f"{path}/events", 200, headers={"Last-Event-ID": lines["id"]})
        assert again.text == ""


def test_a_scan_is_cancelled(watched: Any) -> None:
    """Cancelled at once or in the middle: it ends as cancelled and stays so, moves nothing, can't be approved."""
    before = watched.places()
    delta = "GET /me/mailFolders/{folder}/messages/delta"
    with watched.faulty({"fault": "latency", "rate": 1.0, "seconds": 0.4, "route": delta}):
        scan = watched.ask("POST", "/scans", 202, json={}).json()
        watched.until(lambda: watched.ask("GET", f"/scans/{scan['id']}").json()["done"] > 0, "a page", pause=0.1)
        cancelled = watched.ask("POST", f"/scans/{scan['id']}/cancel", 200).json()
    assert cancelled["state"] == "cancelled"
    headers = {"If-Match": f'"{cancelled["revision"]}"', "Idempotency-Key": secrets.token_hex(8)}
    problem(watched.ask("POST", "/moves", json={"scan_id": scan["id"]}, headers=headers), 409, "failed_precondition")
    assert watched.scan_of("Waiting")["state"] == "done"
    assert watched.ask("GET", f"/scans/{scan['id']}", 200).json()["state"] == "cancelled"
    assert watched.moved_since(before) == set()
