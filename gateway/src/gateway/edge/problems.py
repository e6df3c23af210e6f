"""Every error leaves as application/problem+json (RFC 9457), whoever caused it.

Guarantees: a ServiceError becomes its own problem; an exception that nobody named becomes "internal error", a trace
id and a log line that names its type and place, never its text; an error that a framework wrote (404, 405, its own
422 that repeats the input) is replaced. Must never echo input: field pointers name only fields that we declared.
"""

from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

import grpc
import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import (
    Internal,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ServiceError,
    Unauthenticated,
    Unavailable,
    named,
    problem,
)
from chassis.logs import get
from gateway.edge.allow import Route, allow
from gateway.edge.answer import answer
from gateway.edge.headers import Header

CONTENT_TYPE: Final = b"application/problem+json"
TRACE_ID: Final = "mail_organiser.trace_id"  # where the trace layer leaves it in the ASGI scope
_KEPT: Final = frozenset({b"allow", b"retry-after", b"ratelimit", b"ratelimit-policy", b"www-authenticate"})
MAX_POINTERS: Final = 20  # fields named in one answer


class MethodNotAllowed(ServiceError):
    """The resource exists, the method doesn't."""

    code: ClassVar[str] = "method_not_allowed"
    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.UNIMPLEMENTED
    http_status: ClassVar[int] = 405
    title: ClassVar[str] = "Method not allowed"
    sentence: ClassVar[str] = "This resource does not know that method. The Allow header lists those it knows."


class RequestTimeout(ServiceError):
    """The body came too slowly."""

    code: ClassVar[str] = "request_timeout"
    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.DEADLINE_EXCEEDED
    http_status: ClassVar[int] = 408
    title: ClassVar[str] = "Request too slow"
    sentence: ClassVar[str] = "The request's body did not arrive in time. Send it again on a new connection."


class PayloadTooLarge(ServiceError):
    """The body exceeds the route's cap."""

    code: ClassVar[str] = "payload_too_large"
    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.RESOURCE_EXHAUSTED
    http_status: ClassVar[int] = 413
    title: ClassVar[str] = "Request too large"
    sentence: ClassVar[str] = "The request's body is larger than this resource takes. Send less at once."


class UnsupportedMediaType(ServiceError):
    """The body's type is not the one that the route reads."""

    code: ClassVar[str] = "unsupported_media_type"
    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.INVALID_ARGUMENT
    http_status: ClassVar[int] = 415
    title: ClassVar[str] = "Unsupported media type"
    sentence: ClassVar[str] = "This resource does not read that content type. See the documentation."


class InvalidFields(ServiceError):
    """The body is JSON but not what the route declares."""

    code: ClassVar[str] = "invalid_fields"
    status: ClassVar[grpc.StatusCode] = grpc.StatusCode.INVALID_ARGUMENT
    http_status: ClassVar[int] = 422
    title: ClassVar[str] = "Invalid fields"
    sentence: ClassVar[str] = "Some fields are missing, unknown or out of range. The errors member names them."


_BY_STATUS: Final[Mapping[int, type[ServiceError]]] = {
    kind.http_status: kind
    for kind in (
        InvalidArgument,
        Unauthenticated,
        PermissionDenied,
        NotFound,
        MethodNotAllowed,
        PayloadTooLarge,
        UnsupportedMediaType,
        InvalidFields,
        Unavailable,
    )
}


class Problems:
    """The layer: last resort for what the routes inside raise or answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        checked = _Checked(scope, send)
        try:
            await self._app(scope, receive, checked.send)
        except Exception as error:  # noqa: BLE001  # the last resort; CancelledError passes
            _log(error, scope)
            await checked.refuse(error)
        else:
            if not checked.started:  # nothing was said at all
                await checked.refuse(Internal())


class _Checked:
    """One response on its way out: passed through, or replaced when it is an error in another form than ours."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self.started = False
        self._replaced = False

    def send(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.started = True
            if _is_foreign(message):
                self._replaced = True
                return refuse(self._scope, self._send, _kind(message["status"])(), _kept(message["headers"]))
        return _nothing() if self._replaced else self._send(message)

    async def refuse(self, error: Exception) -> None:
        # Once begun, an answer can't become another one; ending here makes the server cut the connection, which is
        # how a client learns that what it got is incomplete.
        if not self.started:
            await refuse(self._scope, self._send, named(error))


async def _nothing() -> None:
    pass


async def refuse(
    scope: Scope, send: Send, error: ServiceError, headers: Iterable[Header] = (), **members: object
) -> None:
    """Answer with the error's problem. `headers` and `members`: what the refusing layer adds (Allow, RateLimit)."""
    body = encode(error, scope, **members)
    fixed = [(b"content-type", CONTENT_TYPE), (b"content-length", str(len(body)).encode()), *hints(error)]
    await answer(scope, send, error.http_status, [*fixed, *headers], body)


def encode(error: ServiceError, scope: Scope, **members: object) -> bytes:
    """The problem document."""
    return msgspec.json.encode({**problem(error, scope.get(TRACE_ID, "")), **members})


def hints(error: ServiceError) -> list[Header]:
    """The headers that the error's own kind calls for."""
    headers: list[Header] = []
    if error.retry_after is not None:
        headers.append((b"retry-after", str(problem(error, "")["retry_after"]).encode()))
    if error.http_status == Unauthenticated.http_status:
        headers.append((b"www-authenticate", b"Bearer"))
    return headers


def install(app: FastAPI, *, before: Sequence[Route] = ()) -> None:
    """Teach a FastAPI application to answer its routes' errors in this form. before: routes that are asked first."""

    async def on_service_error(request: Request, error: Exception) -> Response:
        return respond(request, named(error))

    async def on_invalid_fields(request: Request, error: Exception) -> Response:
        details = error.errors() if isinstance(error, RequestValidationError) else []
        invalid = InvalidFields()
        pointers = _pointers(details, _declared_names(app))
        return _response(invalid, encode(invalid, request.scope, errors=pointers))

    async def on_other_method(request: Request, _error: Exception) -> Response:
        refused = MethodNotAllowed()
        return _response(
            refused, encode(refused, request.scope), {"allow": allow([*before, *app.routes], request.scope)}
        )

    app.add_exception_handler(MethodNotAllowed.http_status, on_other_method)
    app.add_exception_handler(ServiceError, on_service_error)
    app.add_exception_handler(RequestValidationError, on_invalid_fields)


def respond(request: Request, error: ServiceError) -> Response:
    """The error's problem, as a route's answer."""
    return _response(error, encode(error, request.scope))


def _response(error: ServiceError, body: bytes, more: Mapping[str, str] | None = None) -> Response:
    headers = {name.decode(): value.decode() for name, value in hints(error)}
    return Response(body, error.http_status, {**headers, **(more or {})}, media_type=CONTENT_TYPE.decode())


def _pointers(details: Sequence[Mapping[str, Any]], declared: Collection[str]) -> list[dict[str, str]]:
    found = {(_pointer(detail["loc"], declared), str(detail["type"])): None for detail in details}
    return [{"pointer": pointer, "code": code} for pointer, code in list(found)[:MAX_POINTERS]]


def _pointer(location: Sequence[str | int], declared: Collection[str]) -> str:
    # location[0] is "body", "query"...; it ends at the first name that we did not declare: that one is input.
    parts: list[str] = []
    for part in location[1:]:
        if not isinstance(part, int) and part not in declared:
            break
        parts.append(str(part))
    return "".join(f"/{part}" for part in parts)


def _declared_names(app: FastAPI) -> frozenset[str]:
    document = app.openapi()
    schemas = document.get("components", {}).get("schemas", {}).values()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    parameters = [parameter["name"] for operation in operations for parameter in operation.get("parameters", ())]
    return frozenset(name for schema in schemas for name in schema.get("properties", ())) | frozenset(parameters)


def _is_foreign(message: Message) -> bool:
    if message["status"] < InvalidArgument.http_status:
        return False
    return [value for name, value in message.get("headers", ()) if name.lower() == b"content-type"] != [CONTENT_TYPE]


def _kind(status: int) -> type[ServiceError]:
    return _BY_STATUS.get(status, InvalidArgument if status < Internal.http_status else Internal)


def _kept(headers: Iterable[Header]) -> list[Header]:
    return [(name, value) for name, value in headers if name.lower() in _KEPT]


def _log(error: Exception, scope: Scope) -> None:
    if not isinstance(error, ServiceError):
        get(__name__).error(
            "request.failed", error_type=type(error), at=error.__traceback__, trace_id=scope.get(TRACE_ID)
        )
