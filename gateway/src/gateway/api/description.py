"""The API's own description (OpenAPI): the routes as FastAPI derives them, and what it can't know about them.

Guarantees: every route says that its errors are problems (RFC 9457), which of the framework's own it never sends is
gone, and every route that needs an access token says so.
"""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gateway.edge.problems import CONTENT_TYPE
from gateway.edge.tokens import is_open

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
_ANSWER: Final = {
    "description": "A problem.",
    "content": {CONTENT_TYPE.decode(): {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_SESSION: Final = {"type": "http", "scheme": "bearer", "description": "The access token of POST /session/exchange."}
_NEVER_SENT: Final = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> None:
    """Makes app.openapi() answer this description."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, routes=app.routes)
    for method, path, operation in _operations(document):
        operation["responses"].pop("422", None)
        operation["responses"]["default"] = _ANSWER
        operation["security"] = [] if is_open(method, path) else [{"session": []}]
    schemas = document["components"]["schemas"]
    kept = {name: schema for name, schema in schemas.items() if name not in _NEVER_SENT}
    document["components"] = {"schemas": {**kept, "Problem": PROBLEM}, "securitySchemes": {"session": _SESSION}}
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation
