"""A trace for every request, that we begin ourselves.

Guarantees: the caller's traceparent is linked and never adopted (otherwise anyone could write into our traces or
switch sampling on); spans hold the route's template, method and status, never a path, a query, an address or an error's
text. Which traces are kept is drawn at their beginning; what is not kept costs next to nothing.
Every answer carries X-Request-Id: the trace id, also where tracing is switched off.
"""

from collections.abc import Awaitable
from typing import Final

from opentelemetry.trace import Span, Status, StatusCode
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.edge.draw import Draw, trace_id
from gateway.edge.measure import named_method, template
from gateway.edge.problems import TRACE_ID

REQUEST_ID: Final = b"x-request-id"
# FastAPI (0.165 on) traces by itself once a provider is set: with url.path, url.query and client.address, and as a
# child of the caller's traceparent. It leaves a request alone in whose scope this key is.
FASTAPI_TELEMETRY: Final = "fastapi.telemetry"


class Trace:
    """The layer. Outermost, so that even a refusal has an id."""

    def __init__(self, app: ASGIApp, *, draw: Draw) -> None:
        self._app = app
        self._draw = draw

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._draw.begin(scope["headers"]) as span:
            await self._app(scope, receive, _identified(scope, send, span))


def _identified(scope: Scope, send: Send, span: Span) -> Send:
    scope[TRACE_ID] = name = trace_id(span)
    scope[FASTAPI_TELEMETRY] = None

    def send_identified(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (REQUEST_ID, name.encode())]
            _describe(span, scope, message["status"])
        return send(message)

    return send_identified


def _describe(span: Span, scope: Scope, status: int) -> None:
    if not span.is_recording():
        return
    method, route = named_method(scope["method"]), template(scope)
    span.update_name(f"{method} {route}" if route else "http.request")
    span.set_attribute("http.request.method", method)
    if route:  # without one the path is the caller's invention, and goes nowhere
        span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    if status >= 500:  # noqa: PLR2004  # server errors begin here (RFC 9110)
        span.set_status(Status(StatusCode.ERROR))
