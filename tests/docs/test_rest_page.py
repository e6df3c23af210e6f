"""The page about REST names routes that there are."""

import re
from typing import Any

from fastapi import APIRouter

from gateway.api import corrections, decisions, folders, mailboxes, moves, scans, session, status
from gateway.edge.tokens import OPEN_ROUTES
from gateway.store.ids import PREFIXES

PAGE = "docs/reference/rest.md"


def routes() -> set[tuple[str, str]]:
    """(method, path) of every route of the API."""
    nouns = [mailboxes, folders, scans, decisions, corrections, moves, status]
    nothing: Any = None  # the session's routes are looked at, not called
    routers: list[APIRouter] = [*(noun.router for noun in nouns), session.router(nothing, nothing)]
    served = [route for router in routers for route in router.routes]
    return {(method, route.path) for route in served for method in getattr(route, "methods", None) or ()}


def test_every_route_on_the_page_is_served(documents: Any) -> None:
    """Method and path as they stand there; the description of the API is served by the framework."""
    named = set(re.findall(r"`(GET|POST|PATCH|DELETE) (/api/v1[^\s`]*)", documents.text(PAGE)))
    assert len(named) > 10
    assert named - routes() == {("GET", "/api/v1/openapi.json")}
    assert ("GET", "/api/v1/openapi.json") in OPEN_ROUTES


def test_every_prefix_on_the_page_is_one(documents: Any) -> None:
    """Of ids."""
    named = set(re.findall(r"`(\w{3})_`", documents.text(PAGE)))
    assert named
    assert named <= PREFIXES
