"""The page about REST names routes that there are."""

import json
import re
from typing import Any

from gateway.edge.tokens import OPEN_ROUTES
from gateway.store.ids import PREFIXES

PAGE = "docs/reference/rest.md"


def routes(documents: Any) -> set[tuple[str, str]]:
    """(method, path) of every route of the API, from its committed description."""
    paths = json.loads(documents.text("docs/reference/openapi.json"))["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


def test_every_route_on_the_page_is_served(documents: Any) -> None:
    """Method and path as they stand there; the description of the API is served by the framework."""
    named = set(re.findall(r"`(GET|POST|PATCH|DELETE) (/api/v1[^\s`]*)", documents.text(PAGE)))
    assert len(named) > 10
    assert named - routes(documents) == {("GET", "/api/v1/openapi.json")}
    assert ("GET", "/api/v1/openapi.json") in OPEN_ROUTES


def test_every_prefix_on_the_page_is_one(documents: Any) -> None:
    """Of ids."""
    named = set(re.findall(r"`(\w{3})_`", documents.text(PAGE)))
    assert named
    assert named <= PREFIXES
