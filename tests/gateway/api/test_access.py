"""The table of who may call what: complete, exact, and obeyed by every route of the application."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import app
from gateway.api.access import ACCESS, Needed, Only
from gateway.api.description import security
from gateway.api.fast import Fast
from gateway.edge.headers import is_api
from gateway.edge.problems import Problems
from gateway.edge.tokens import OPEN_ROUTES, PRINCIPAL
from gateway.identity.jwt import EVERY_SCOPE, Principal
from gateway.store.codes import Scope as KeyScope

PARTS: Any = dict.fromkeys(field.name for field in fields(app.Parts))
ALL = frozenset(KeyScope)
DENIED = {401, 403}
ROUTES = sorted(ACCESS.items(), key=str)


def served() -> Iterator[tuple[str, str]]:
    """(method, path) of every route that the application has, the fast ones included."""
    yield from ((route.method, route.path) for route in app.fast_routes(app.Parts(**PARTS)))
    for router in app._routers(app.Parts(**PARTS)):
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield from ((method, route.path) for method in route.methods)


class As:
    """The application as this caller meets it, behind the edge."""

    def __init__(self, caller: Principal | None) -> None:
        parts = app.Parts(**PARTS)
        self.slow = app.build(parts)
        self.built: ASGIApp = Problems(Fast(self.slow, app.fast_routes(parts)))
        self.caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.caller is not None:
            scope[PRINCIPAL] = self.caller
        await self.built(scope, receive, send)

    async def status(self, method: str, path: str) -> int:
        # What passes the table meets parts that aren't there, and fails: 500 is "may".
        transport = httpx.ASGITransport(self, raise_app_exceptions=False)
        url = path.replace("{", "").replace("}", "")
        async with httpx.AsyncClient(transport=transport, base_url="https://mail.example", trust_env=False) as client:
            return (await client.request(method, url, json={})).status_code


def key(scopes: frozenset[KeyScope]) -> Principal:
    return Principal("per_a", "apk_b", "apk_b", scopes=scopes, key_id="apk_b")


def test_every_route_is_in_the_table_and_no_other() -> None:
    """A new route is refused to everybody until somebody has said who may call it."""
    assert sorted(served()) == sorted(ACCESS)


def test_what_is_open_is_open_at_the_edge_too() -> None:
    """Two doors, one list: what the edge lets through without a token is what the table calls open."""
    described = {("GET", "/api/v1/openapi.json")}  # the framework's own
    opened = {route for route, needed in ACCESS.items() if needed is Only.OPEN and is_api(route[1])}
    assert opened | described == OPEN_ROUTES


def test_moving_mail_is_a_scope_of_its_own() -> None:
    """What moves or decides what will be moved needs `move`, and `move` opens nothing else."""
    moving = {path.rpartition("}/")[2] for (method, path), needed in ACCESS.items() if needed is KeyScope.MOVE}
    assert moving == {"moves", "undo", "pause", "resume", "cancel", "decisions", "decisions/{decision_id}", "alike"}
    assert all(method != "GET" for (method, _), needed in ACCESS.items() if needed is KeyScope.MOVE)
    writing = [needed for (method, _), needed in ACCESS.items() if method != "GET"]
    assert KeyScope.READ not in writing


@pytest.mark.parametrize(("route", "needed"), ROUTES)
async def test_a_key_with_every_scope_but_the_one_is_refused(route: tuple[str, str], needed: Needed) -> None:
    """Walks every route: without its scope 403, with it alone not; what is a person's is refused to all keys."""
    without = await As(key(ALL - {needed})).status(*route)
    alone = await As(key(frozenset({needed}) & ALL)).status(*route)
    assert (without == 403) == (needed is not Only.OPEN)
    assert (alone == 403) == (needed is Only.PERSON)


@pytest.mark.parametrize(("route", "needed"), ROUTES)
async def test_a_person_may_and_nobody_may_not(route: tuple[str, str], needed: Needed) -> None:
    """Walks every route: the person signed in is let through, who is nobody is not, also behind an edge that forgot."""
    assert await As(Principal("per_a", "ses_b", "jti_c")).status(*route) not in DENIED
    assert (await As(None).status(*route) == 401) == (needed is not Only.OPEN)


async def test_a_route_that_nobody_listed_is_refused_to_everybody() -> None:
    """Also to the person signed in."""
    caller = As(Principal("per_a", "ses_b", "jti_c"))
    caller.slow.add_api_route("/api/v1/new", lambda: "open", methods=["GET"])
    assert await caller.status("GET", "/api/v1/new") == 403


def test_every_scope_opens_something_and_a_session_has_all() -> None:
    """No scope is a dead word."""
    assert {needed for needed in ACCESS.values() if isinstance(needed, KeyScope)} == ALL == EVERY_SCOPE


def test_the_description_says_the_same() -> None:
    """OpenAPI names who may call each operation, from the table."""
    paths = app.build(app.Parts(**PARTS)).openapi()["paths"]
    told = {(m.upper(), path): operation["security"] for path, ops in paths.items() for m, operation in ops.items()}
    assert told == {route: security(ACCESS[route]) for route in told}
    assert told["POST", "/api/v1/mailboxes/{mailbox_id}/moves"] == [{"session": []}, {"api_key": ["move"]}]
    assert told["POST", "/api/v1/api-keys"] == [{"session": []}]
