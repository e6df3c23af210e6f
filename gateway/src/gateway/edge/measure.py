"""Rate, errors, duration of every request that is answered here.

Guarantees: labels come from closed sets - methods that we know, templates of our own routes, status codes that we
send - so nobody can add a series; a path is in none of them. Each combination is bound once.
"""

import time
from collections.abc import Awaitable
from typing import Final

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.edge.allow import METHODS
from gateway.edge.durations import Durations, Series

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)  # seconds; OpenTelemetry's for HTTP servers
NO_ROUTE: Final = "none"  # what is no route of ours, or never came so far


class Measure:
    """The layer."""

    def __init__(self, app: ASGIApp, *, registry: CollectorRegistry) -> None:
        self._app = app
        self._bound: dict[tuple[str, str | None, int], Series] = {}
        self._durations = Durations(
            "http_server_request_duration_seconds",
            "Duration of requests, by method, template of the route, and status",
            ("http_request_method", "http_route", "http_response_status_code"),
            BUCKETS,
            registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0  # nothing was answered

        def noting(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._of(scope["method"], template(scope), status).observe(time.perf_counter() - began)

    def _of(self, method: str, route: str | None, status: int) -> Series:
        known = self._bound.get((method, route, status))
        if known is not None:
            return known
        labels = (named_method(method), route or NO_ROUTE, str(status))
        if labels[0] != method:  # the caller's invention: not to be remembered
            return self._durations.labels(*labels)
        found = self._bound[method, route, status] = self._durations.labels(*labels)
        return found


def template(scope: Scope) -> str | None:
    """The template of the route that answered; None where the path was the caller's invention."""
    found: str | None = getattr(scope.get("route"), "path_format", None)
    return found


def named_method(method: str) -> str:
    """The method, if it is one that we know."""
    return method if method in METHODS else "OTHER"
