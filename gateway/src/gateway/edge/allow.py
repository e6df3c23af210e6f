"""Which methods there are, here and at one path: what the Allow header says (RFC 9110, 10.2.1)."""

from collections.abc import Iterable
from typing import Any, Final

from starlette.routing import BaseRoute, Match
from starlette.types import Scope

METHODS: Final = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")  # no OPTIONS: there is no cross-origin caller
ALLOW: Final = (b"allow", ", ".join(METHODS).encode())


def allow(routes: Iterable[BaseRoute], scope: Scope) -> str:
    """The methods that some route takes at this path; all that we know where nothing is there.

    A framework names those of the first route that has the path, which are not all.
    """
    listed = list(routes)
    return ", ".join([method for method in METHODS if _taken(listed, scope, method)] or METHODS)


def _taken(routes: Iterable[BaseRoute], scope: Scope, method: str) -> bool:
    asked: dict[str, Any] = {**scope, "method": method}
    return any(route.matches(asked)[0] is Match.FULL for route in routes)
