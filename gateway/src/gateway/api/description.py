"""The API's own description (OpenAPI): the routes as FastAPI derives them, and what it can't know about them.

Guarantees: every operation names every error that it may end with, as a problem (RFC 9457) with an example; which of
the framework's own is never sent is gone; every route says who may call it; every body has an example.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from chassis.errors import ServiceError
from gateway.api.access import ACCESS, Needed, Only
from gateway.api.examples import example
from gateway.api.fast import FastRoute
from gateway.api.responses import documented, refusals, shown
from gateway.store.codes import Scope

PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What went wrong, in fixed words (RFC 9457). code is stable; detail says what to do.",
    "required": ["type", "title", "status", "code", "detail", "trace_id"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "description": "A path of the documentation."},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "pattern": "^[a-z][a-z0-9_]{1,39}$"},
        "detail": {"type": "string"},
        "trace_id": {"type": "string", "description": "Names this request in our logs."},
        "retry_after": {"type": "integer", "minimum": 0, "description": "Seconds, where waiting helps."},
        "violated-policies": {
            "type": "array",
            "description": "Of a rate limit: names of the policies that have nothing left (RateLimit-Policy has them).",
            "items": {"type": "string"},
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code"],
                "additionalProperties": False,
                "properties": {"pointer": {"type": "string"}, "code": {"type": "string"}},
            },
        },
    },
}
SCHEMES: Final = {
    "session": {"type": "http", "scheme": "bearer", "description": "The access token of POST /session/exchange."},
    "api_key": {"type": "http", "scheme": "bearer", "description": "An API key (mok_...) that has the scope."},
}
_NEVER_SENT: Final = ("HTTPValidationError", "ValidationError")
_INFO: Final[dict[str, Any]] = {
    "description": "Sorts a mailbox into its owner's folders from metadata alone. Nothing moves before it is approved.",
    "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
}
_SERVERS: Final = [{"url": "/", "description": "The gateway that served this description."}]
TAGS: Final = {
    "activity": "What happened to a mailbox.",
    "api-keys": "What programs come in with.",
    "corrections": "What the owner said is no attack.",
    "decisions": "The preview of a scan, message by message.",
    "folders": "Where mail may be filed.",
    "inspect": "Verdicts over texts that a program brings; nothing is kept.",
    "learned": "What was learned, and forgetting it.",
    "mailboxes": "The mailboxes of a person.",
    "me": "Everything that is held about a person, and its end.",
    "moves": "Approved previews on their way, and the way back.",
    "protections": "What must stay where it is.",
    "quota": "What a plan allows, and what is left of it.",
    "rules": "Whose mail goes where, before any model is asked.",
    "scans": "Looking at a folder; nothing moves.",
    "session": "Signing in and out.",
    "status": "Whether it works.",
}


def describe(app: FastAPI, fast: Sequence[FastRoute]) -> None:
    """Makes app.openapi() answer this description. fast: routes that FastAPI doesn't know."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, fast)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _document(app: FastAPI, fast: Sequence[FastRoute]) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, routes=app.routes)
    document["info"] |= _INFO
    document |= {"servers": _SERVERS, "tags": [{"name": name, "description": said} for name, said in TAGS.items()]}
    _add(document, fast)
    schemas = document["components"]["schemas"]
    kept = {name: schema for name, schema in schemas.items() if name not in _NEVER_SENT}
    met: set[type[ServiceError]] = set()
    for method, path, operation in _operations(document):
        kinds = refusals(path, operation, is_open=ACCESS[method, path] is Only.OPEN)
        _complete(operation, kinds, kept)
        operation["security"] = security(ACCESS[method, path])
        met.update(kinds)
    document["components"] = {
        "schemas": {**kept, "Problem": PROBLEM},
        "securitySchemes": SCHEMES,
        "examples": shown(met),
    }
    return document


def security(needed: Needed) -> list[dict[str, list[str]]]:
    """What opens a route, as OpenAPI 3.1 says it: a scope is a role."""
    if needed is Only.OPEN:
        return []
    session: dict[str, list[str]] = {"session": []}
    return [session, {"api_key": [needed.value]}] if isinstance(needed, Scope) else [session]


def _complete(operation: dict[str, Any], kinds: Sequence[type[ServiceError]], schemas: dict[str, Any]) -> None:
    """What FastAPI can't know of one operation: what may go wrong, and what it looks like."""
    operation["responses"].pop("422", None)
    operation["responses"] |= documented(kinds)
    for parameter in operation.get("parameters", ()):
        parameter["example"] = example(parameter["schema"], schemas, parameter["name"].lower())
    for body in (operation.get("requestBody"), *operation["responses"].values()):
        _show((body or {}).get("content", {}).get("application/json"), schemas)


def _show(media: dict[str, Any] | None, schemas: dict[str, Any]) -> None:
    if media:
        media["example"] = example(media["schema"], schemas)


def _add(document: dict[str, Any], fast: Sequence[FastRoute]) -> None:
    types = [kind for route in fast for kind in (route.body, route.answer) if kind is not None]
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    document["components"]["schemas"].update(schemas)
    for route in fast:
        document["paths"].setdefault(route.path, {})[route.method.lower()] = _operation(route)


def _operation(route: FastRoute) -> dict[str, Any]:
    operation = {
        "tags": [route.tag],
        "summary": route.summary,
        "description": route.description,
        "operationId": route.operation_id,
        "responses": {"200": {"description": "Successful Response", "content": _json(route.answer)}},
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _json(route.body)}
    return operation


def _json(kind: type) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}}}


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation
