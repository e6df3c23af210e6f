"""Which methods there are, here and at one path: what the Allow header says (RFC 9110, 10.2.1)."""

from collections.abc import Iterable
from typing import Any, Final, Protocol

from starlette.routing import Match
from starlette.types import Scope

METHODS: Final = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")  # no OPTIONS: there is no cross-origin caller
ALLOW: Final = (b"allow", ", ".join(METHODS).encode())


class Route(Protocol):
    """What takes some methods at some paths: a framework's route, or a plain one of ours."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """FULL for a request that it takes."""
        ...


def allow(routes: Iterable[Route], scope: Scope) -> str:
    """The methods that some route takes at this path; all that we know where nothing is there.

    A framework names those of the first route that has the path, which are not all.
    """
    listed = list(routes)
    return ", ".join([method for method in METHODS if _taken(listed, scope, method)] or METHODS)


def _taken(routes: Iterable[Route], scope: Scope, method: str) -> bool:
    asked: dict[str, Any] = {**scope, "method": method}
    return any(route.matches(asked)[0] is Match.FULL for route in routes)
