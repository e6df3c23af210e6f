"""What the edge promises about every answer, whatever happens behind it."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from gateway.edge.body import Bodies
from gateway.edge.bucket import Policy
from gateway.edge.headers import CONTENT_SECURITY_POLICY, SecurityHeaders
from gateway.edge.limits import Limits
from gateway.edge.problems import Problems
from gateway.edge.tokens import COOKIE_ROUTES, OPEN_ROUTES

GOOD = {"authorization": "Bearer good-token"}
PROBLEM = "application/problem+json"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'; report-to csp; report-uri /csp-reports"
)
# method, path, headers, body -> status
CASES: list[tuple[str, str, dict[str, str], bytes | None, int]] = [
    ("GET", "/", {}, None, 200),
    ("GET", "/nowhere", {}, None, 404),
    ("POST", "/", {}, None, 405),
    ("GET", "/api/v1/things/1", GOOD, None, 200),
    ("GET", "/api/v1/things/1", {}, None, 401),
    ("GET", "/api/v1/nowhere", GOOD, None, 404),
    ("DELETE", "/api/v1/things/1", GOOD, None, 405),
    ("TRACE", "/api/v1/things/1", GOOD, None, 405),
    ("POST", "/api/v1/things", GOOD, b"{", 422),
    ("POST", "/api/v1/things", {**GOOD, "content-type": "application/json"}, b'{"nom": 1}', 422),
    ("POST", "/api/v1/things", GOOD, b"x" * 70_000, 413),
    ("GET", "/api/v1/fails", GOOD, None, 500),
    ("GET", "/api/v1/absent", GOOD, None, 404),
    ("GET", "/api/v1/unavailable", GOOD, None, 503),
    ("GET", "/api/v1/things/1/", GOOD, None, 307),
]


@pytest.mark.parametrize(("method", "path", "headers", "body", "status"), CASES)
async def test_every_answer_carries_the_security_headers(  # a table row
    front: Any, method: str, path: str, headers: dict[str, str], body: bytes | None, status: int
) -> None:
    """Success, refusal and crash alike; /api is never cached; nobody says what software this is."""
    async with front.client() as client:
        answer = await client.request(method, path, headers=headers, content=body)
    assert answer.status_code == status
    assert answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    assert answer.headers["content-security-policy"] == POLICY == CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert (answer.headers.get("cache-control") == "no-store") == path.startswith("/api")
    reported = None if path.startswith("/api") else 'csp="/csp-reports"'
    assert answer.headers.get("reporting-endpoints") == reported
    assert "server" not in answer.headers
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


@pytest.mark.parametrize(("method", "path", "headers", "body", "status"), [case for case in CASES if case[4] >= 400])
async def test_every_error_is_a_problem_with_the_trace_id(  # a table row
    front: Any, method: str, path: str, headers: dict[str, str], body: bytes | None, status: int
) -> None:
    """RFC 9457, the status twice alike, the id that our log has."""
    async with front.client() as client:
        answer = await client.request(method, path, headers=headers, content=body)
    problem = answer.json()
    assert answer.headers["content-type"] == PROBLEM
    assert answer.status_code == problem["status"] == status
    assert problem["trace_id"] == answer.headers["x-request-id"]
    assert problem["type"] == f"/problems/{problem['code']}"


async def test_no_answer_repeats_what_was_sent(front: Any) -> None:
    """Not in a 404, a 405, a 422 or a 500: neither path, header, field name, value nor the exception's text."""
    canary = "canaryzz"
    async with front.client() as client:
        answers = [
            await client.get(f"/{canary}", headers=GOOD),
            await client.get(f"/api/v1/{canary}?{canary}={canary}", headers={**GOOD, "x-canary": canary}),
            await client.request(canary.upper(), "/"),
            await client.get("/api/v1/things/1", headers={"authorization": f"Bearer {canary}"}),
            await client.post("/api/v1/things", headers=GOOD, json={canary: canary, "name": [canary], "count": canary}),
            await client.post("/api/v1/things", headers=GOOD, content=canary),
        ]
        failed = await client.get("/api/v1/fails", headers=GOOD)
    assert all(answer.is_error for answer in answers)
    for answer in answers:
        assert canary not in answer.text.lower()
        assert not any(canary in value.lower() for value in answer.headers.values())
    assert "secret" not in failed.text


async def test_invalid_fields_are_named_by_pointer_if_they_are_ours(front: Any) -> None:
    """A client learns which declared field is wrong, and that some unknown field is; not what it wrote."""
    async with front.client() as client:
        answer = await client.post("/api/v1/things", headers=GOOD, json={"count": "many", "stranger": 1})
    assert sorted(answer.json()["errors"], key=str) == [
        {"pointer": "", "code": "extra_forbidden"},
        {"pointer": "/count", "code": "int_parsing"},
        {"pointer": "/name", "code": "missing"},
    ]


async def test_408_and_429_carry_the_security_headers(make_edge: Callable[..., Any]) -> None:
    """The two that take a while or many: the same headers."""
    sent: list[dict[str, Any]] = []

    async def never() -> dict[str, Any]:
        return await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    late = SecurityHeaders(Problems(Bodies(make_edge().app, caps={}, deadline_s=0.02)))
    await late({**_scope("POST", "/api/v1/things"), "headers": [(b"content-length", b"5")]}, never, send)
    front = make_edge(limits=Limits(session=Policy("session", quota=1, window_s=60)))
    async with front.client() as client:
        _, limited = [await client.post("/api/v1/session/sign-in") for _ in range(2)]
    assert (sent[0]["status"], limited.status_code) == (408, 429)
    assert dict(sent[0]["headers"])[b"strict-transport-security"].startswith(b"max-age=63072000")
    assert limited.headers["strict-transport-security"].startswith("max-age=63072000")


async def test_an_application_that_says_nothing_has_failed() -> None:
    """No answer at all becomes our 500 with our headers, not the server's own."""

    async def silent(*_: Any) -> None:
        return

    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await SecurityHeaders(Problems(silent))(_scope("GET", "/"), silent, send)
    assert sent[0]["status"] == 500
    assert (b"content-type", b"application/problem+json") in sent[0]["headers"]


async def test_an_unnamed_exception_leaves_a_log_line_without_its_text(
    front: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Type, place and trace id are ours to know; the text may be somebody's."""
    answer = await front.get("/api/v1/fails")
    line = capsys.readouterr().err
    assert "RuntimeError" in line
    assert answer.json()["trace_id"] in line
    assert "secret" not in line


async def test_an_answer_that_breaks_off_is_not_completed(front: Any) -> None:
    """Once begun it can't become an error; it must end without its end, so that the client notices."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return await asyncio.Future()  # the client neither sends nor leaves

    await front.app(_scope("GET", "/api/v1/breaks-off"), receive, send)
    assert sent[0]["status"] == 200
    assert not any(message["type"] == "http.response.body" and not message.get("more_body") for message in sent)


ALLOWED = [
    ("/api/v1/things/1", b"GET, PUT"),  # two routes of one path
    ("/api/v1/things", b"POST"),
    ("/", b"GET"),
    ("/api/v1/nowhere", b"DELETE, GET, HEAD, PATCH, POST, PUT"),  # there, it says what is known at all
]


@pytest.mark.parametrize(("path", "allowed"), ALLOWED)
@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "OPTIONS", "TRACK", "PROPFIND", "get"])
async def test_methods_outside_the_list_are_refused_with_allow(
    front: Any, method: str, path: str, allowed: bytes
) -> None:
    """Also for routes that exist, also with a good token, and before anything else is looked at."""
    answer = await _raw(front, method, path)
    assert answer["status"] == 405
    assert answer["headers"][b"allow"] == allowed


async def test_a_405_of_a_path_names_all_of_its_methods(front: Any) -> None:
    """The framework names those of the first route with that path."""
    async with front.client() as client:
        answer = await client.delete("/api/v1/things/1", headers=GOOD)
    assert answer.headers["allow"] == "GET, PUT"


async def test_head_has_no_body_on_an_error(front: Any) -> None:
    """HTTP forbids it, and a server would cut the connection."""
    async with front.client() as client:
        answer = await client.head("/api/v1/things/1")
    assert answer.status_code == 401
    assert answer.content == b""


async def test_a_websocket_meets_no_route(front: Any) -> None:
    """Not even one that someone adds: what is not HTTP crosses no token check."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    scope = {**_scope("GET", "/api/v1/socket"), "type": "websocket", "subprotocols": []}
    await front.app(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]


async def test_the_trace_is_ours_and_says_no_more_than_the_route(front: Any) -> None:
    """The caller's trace is linked, not adopted; the span holds the template, never a path, a query or an address."""
    stranger = "11111111111111111111111111111111"
    sent = {**GOOD, "traceparent": f"00-{stranger}-2222222222222222-01", "user-agent": "canary-agent"}
    answer = await front.get("/api/v1/things/canary-id?q=canary-query", headers=sent)
    (span,) = front.spans.get_finished_spans()
    assert span.parent is None
    assert [f"{link.context.trace_id:032x}" for link in span.links] == [stranger]
    assert answer.headers["x-request-id"] == f"{span.context.trace_id:032x}" != stranger
    assert span.name == "GET /api/v1/things/{thing_id}"
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "http.route": "/api/v1/things/{thing_id}",
        "http.response.status_code": 200,
    }


async def test_a_path_that_is_no_route_is_in_no_span(front: Any) -> None:
    """It is the caller's invention: no attribute, no name."""
    await front.get("/api/v1/canary")
    await front.get("/api/v1/fails")
    unmatched, failed = front.spans.get_finished_spans()
    assert unmatched.name == "http.request"
    assert "http.route" not in unmatched.attributes
    assert not failed.events
    assert failed.status.description is None


@pytest.mark.parametrize(
    "header",
    [
        None,
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic good-token",
        "good-token",
        "Bearer  good-token",
        "Bearer good-token, Bearer good-token",
    ],
)
async def test_api_is_closed_without_a_good_token_and_says_nothing_about_why(front: Any, header: str | None) -> None:
    """401, WWW-Authenticate, one sentence; the same for what exists and what does not."""
    headers = {} if header is None else {"authorization": header}
    async with front.client() as client:
        answers = [
            await client.get(path, headers=headers) for path in ("/api/v1/things/1", "/api/v1/no", "/api", "/api/")
        ]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}
    assert len({answer.json()["detail"] for answer in answers}) == 1


async def test_two_authorization_headers_are_refused(front: Any) -> None:
    """One of them would go unchecked."""
    headers = [("authorization", "Bearer good-token"), ("authorization", "Bearer good-token")]
    async with front.client() as client:
        assert (await client.get("/api/v1/things/1", headers=headers)).status_code == 401


async def test_the_open_routes_are_exactly_these(front: Any) -> None:
    """By method and full path: another method or a longer path is closed."""
    async with front.client() as client:
        assert (await client.post("/api/v1/session/sign-in")).status_code == 200
        assert (await client.get("/api/v1/session/sign-in")).status_code == 401
        assert (await client.post("/api/v1/session/sign-in/")).status_code == 401
        assert (await client.post("/api/v1/session")).status_code == 401
    assert sorted(path.removeprefix("/api/v1/") for _, path in OPEN_ROUTES) == [
        "openapi.json",
        "session/callback",
        "session/exchange",
        "session/refresh",
        "session/sign-in",
        "status",
        "sub-processors",
    ]


async def test_a_revoked_session_is_refused_although_its_token_is_good(front: Any) -> None:
    """Revocation is asked after verification, each time."""
    assert (await front.get("/api/v1/things/1")).status_code == 200
    front.revoked.add("ses_b")
    assert (await front.get("/api/v1/things/1")).status_code == 401


async def test_no_route_sees_the_token(front: Any) -> None:
    """The Authorization header ends at the edge, on open routes and pages too."""
    answer = await front.get("/api/v1/headers")
    assert "authorization" not in answer.json()


async def test_no_route_sees_a_cookie_but_the_two_that_read_one(front: Any) -> None:
    """A browser sends them to every path of the host; here they end at the edge."""
    answer = await front.get("/api/v1/headers", headers={**GOOD, "cookie": "__Host-mail-organiser-refresh=x"})
    assert "cookie" not in answer.json()
    assert {"/api/v1/session/callback", "/api/v1/session/refresh"} == COOKIE_ROUTES


async def test_a_body_over_the_cap_is_refused_whether_announced_or_not(front: Any) -> None:
    """By Content-Length before a byte is read, by counting when it comes in chunks."""

    async def chunks() -> Any:
        for _ in range(70):
            yield b"x" * 1000

    async with front.client() as client:
        announced = await client.post("/api/v1/things", headers=GOOD, content=b"x" * 70_000)
        counted = await client.post("/api/v1/things", headers=GOOD, content=chunks())
        fits = await client.post("/api/v1/things", headers=GOOD, json={"name": "x" * 60_000})
    assert announced.status_code == counted.status_code == 413
    assert announced.headers["connection"] == counted.headers["connection"] == "close"
    assert fits.json() == {"name_length": 60_000}


async def test_a_route_may_have_a_cap_of_its_own(make_edge: Callable[..., Any]) -> None:
    """Named by path, smaller or larger."""
    front = make_edge(caps={"/api/v1/things": 100})
    async with front.client() as client:
        assert (await client.post("/api/v1/things", headers=GOOD, content=b"x" * 101)).status_code == 413


async def test_an_endless_body_runs_into_the_deadline() -> None:
    """A byte now and then is not enough: the whole body has one deadline."""

    async def unreached(*_: Any) -> None:
        raise AssertionError

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {**_scope("POST", "/"), "headers": [(b"transfer-encoding", b"chunked")]}
    await Bodies(unreached, caps={}, deadline_s=0.05)(scope, receive, send)
    assert sent[0]["status"] == 408


async def test_sessions_are_limited_by_address_and_say_where_one_stands(make_edge: Callable[..., Any]) -> None:
    """The draft's two headers on success and refusal; 429 with Retry-After; another address is not affected."""
    front = make_edge(limits=Limits(session=Policy("session", quota=2, window_s=60)))
    async with front.client() as client:
        first, second, third = [await client.post("/api/v1/session/sign-in") for _ in range(3)]
    assert first.headers["ratelimit-policy"] == '"session";q=2;w=60'
    assert first.headers["ratelimit"] == '"session";r=1;t=0'
    assert second.headers["ratelimit"] == '"session";r=0;t=30'
    assert third.status_code == 429
    assert third.headers["retry-after"] == "30"
    assert third.headers["ratelimit"] == '"session";r=0;t=30'
    assert third.json()["retry_after"] == 30
    async with front.client("203.0.113.8") as client:
        assert (await client.post("/api/v1/session/sign-in")).status_code == 200


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("203.0.113.7", "::ffff:203.0.113.7", True),
    ],
)
async def test_an_ipv6_caller_counts_by_its_64(
    make_edge: Callable[..., Any], first: str, second: str, *, shared: bool
) -> None:
    """One subscriber has 2^64 addresses; they are one caller. A mapped IPv4 address is that IPv4 address."""
    front = make_edge(limits=Limits(session=Policy("session", quota=1, window_s=60)))
    statuses = []
    for address in (first, second):
        async with front.client(address) as client:
            statuses.append((await client.post("/api/v1/session/sign-in")).status_code)
    assert statuses == [200, 429 if shared else 200]


async def test_forwarding_headers_change_nothing(make_edge: Callable[..., Any]) -> None:
    """They are the caller's to write: a new X-Forwarded-For is no new caller."""
    front = make_edge(limits=Limits(session=Policy("session", quota=1, window_s=60)))
    async with front.client() as client:
        for number, name in enumerate(("x-forwarded-for", "x-real-ip", "forwarded")):
            answer = await client.post("/api/v1/session/sign-in", headers={name: f"198.51.100.{number}"})
    assert answer.status_code == 429


async def test_people_are_limited_by_person_whatever_their_address(make_edge: Callable[..., Any]) -> None:
    """Two addresses, one person, one limit; another person has an own one."""
    front = make_edge(limits=Limits(person=Policy("person", quota=1, window_s=60)))
    statuses = []
    for address in ("203.0.113.7", "203.0.113.8"):
        async with front.client(address) as client:
            statuses.append((await client.get("/api/v1/things/1", headers=GOOD)).status_code)
    other = await front.get("/api/v1/things/1", headers={"authorization": "Bearer other-token"})
    assert statuses == [200, 429]
    assert other.status_code == 200


async def test_guessing_tokens_runs_dry(make_edge: Callable[..., Any]) -> None:
    """Refused tokens are counted by address; when they run out, that address is not even verified any more."""
    front = make_edge(limits=Limits(failures=Policy("failures", quota=2, window_s=60)))
    async with front.client() as client:
        guesses = [await client.get("/api/v1/things/1", headers={"authorization": "Bearer no"}) for _ in range(3)]
        right = await client.get("/api/v1/things/1", headers=GOOD)
    assert [answer.status_code for answer in guesses] == [401, 401, 429]
    assert right.status_code == 429
    assert (await front.get("/", headers={})).status_code == 200


def _scope(method: str, path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "https",
        "query_string": b"",
        "headers": [(b"authorization", b"Bearer good-token")],
        "client": ("203.0.113.7", 1),
        "server": ("mail.example", 443),
    }


async def _raw(front: Any, method: str, path: str) -> dict[str, Any]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    await front.app(_scope(method, path), receive, send)
    return {**sent[0], "headers": dict(sent[0]["headers"])}
