"""POST /csp-reports: where browsers say that our content security policy kept something from happening.

Guarantees: open, because a browser sends no token with it, and so it keeps nothing: a number goes up. Bounded in size
like every body, and by address like every page.
"""

from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter

from chassis.errors import InvalidArgument
from gateway.edge.headers import CSP_REPORTS
from gateway.edge.problems import UnsupportedMediaType
from gateway.web.violation import READERS, Directive, Unreadable, directives

NO_REPORT: Final = "This is no report of a violated content security policy."


class Violations:
    """csp_reports_total, by directive."""

    def __init__(self, registry: CollectorRegistry) -> None:
        counter = Counter("csp_reports", "Violations that browsers reported", ["directive"], registry=registry)
        self._counters = {directive: counter.labels(directive.value) for directive in Directive}

    def count(self, directive: Directive) -> None:
        """One more."""
        self._counters[directive].inc()


def router(violations: Violations) -> APIRouter:
    """The route, over these counters."""
    routes = APIRouter(include_in_schema=False)

    @routes.post(CSP_REPORTS, status_code=204)
    async def report(request: Request) -> Response:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in READERS:
            raise UnsupportedMediaType
        try:
            found = directives(media_type, await request.body())
        except Unreadable:
            raise InvalidArgument(NO_REPORT) from None
        for directive in found:
            violations.count(directive)
        return Response(status_code=204)

    return routes
