"""A trace for every request, that we begin ourselves.

Guarantees: the caller's traceparent is never adopted (with it, anyone could write into our traces or switch sampling
on); spans hold the route's template, method and status, never a path, a query, an address or an error's text.
Every answer carries X-Request-Id: the trace id, also where tracing is switched off.
"""

import secrets
from typing import Final

from opentelemetry.trace import Span, Status, StatusCode, Tracer, format_trace_id
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.telemetry import edge_span
from gateway.edge.allow import METHODS
from gateway.edge.problems import TRACE_ID

REQUEST_ID: Final = b"x-request-id"
# FastAPI (0.165 on) traces by itself once a provider is set: with url.path, url.query and client.address, and as a
# child of the caller's traceparent. It leaves a request alone in whose scope this key is.
FASTAPI_TELEMETRY: Final = "fastapi.telemetry"


class Trace:
    """The layer. Outermost, so that even a refusal has an id."""

    def __init__(self, app: ASGIApp, *, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with edge_span(self._tracer, "http.request", None) as span:  # None: not even a link to the caller's trace
            await self._traced(scope, receive, send, span)

    async def _traced(self, scope: Scope, receive: Receive, send: Send, span: Span) -> None:
        context = span.get_span_context()
        trace_id = format_trace_id(context.trace_id) if context.is_valid else secrets.token_hex(16)
        scope[TRACE_ID] = trace_id
        scope[FASTAPI_TELEMETRY] = None

        async def send_identified(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (REQUEST_ID, trace_id.encode())]
                _describe(span, scope, message["status"])
            await send(message)

        await self._app(scope, receive, send_identified)


def _describe(span: Span, scope: Scope, status: int) -> None:
    method = scope["method"] if scope["method"] in METHODS else "OTHER"
    template = getattr(scope.get("route"), "path_format", None)
    span.update_name(f"{method} {template}" if template else "http.request")
    span.set_attribute("http.request.method", method)
    if template:  # without one the path is the caller's invention, and goes nowhere
        span.set_attribute("http.route", template)
    span.set_attribute("http.response.status_code", status)
    if status >= 500:  # noqa: PLR2004  # server errors begin here (RFC 9110)
        span.set_status(Status(StatusCode.ERROR))
