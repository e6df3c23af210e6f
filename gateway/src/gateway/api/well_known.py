"""/.well-known: where to report a fault (RFC 9116), and where the API's description is (RFC 9727).

Guarantees: the contact is the operator's own or there is no file: nobody's address is made up. What it says expires a
quarter of a year after the last start, so that a forgotten installation stops promising an answer.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from fastapi import APIRouter, Response

from chassis.errors import NotFound
from gateway.disclosure import Disclosure

PROMISED_FOR: Final = timedelta(days=90)  # RFC 9116 wants less than a year
LINKSET: Final = "application/linkset+json"


def router(disclosure: Disclosure | None, public_url: str, *, now: datetime) -> APIRouter:
    """The routes. now: the start, from which on the operator's word holds."""
    routes = APIRouter(include_in_schema=False)
    text = None if disclosure is None else _security_txt(disclosure, public_url, now + PROMISED_FOR)

    @routes.get("/.well-known/security.txt")
    async def security_txt() -> Response:
        if text is None:
            raise NotFound("the operator has not set a contact for security reports")
        return Response(text, media_type="text/plain; charset=utf-8")

    @routes.get("/.well-known/api-catalog")
    async def api_catalog() -> Response:
        return Response(_catalog(public_url), media_type=LINKSET)

    return routes


def _security_txt(disclosure: Disclosure, public_url: str, expires: datetime) -> str:
    return "".join(f"{field}: {value}\n" for field, value in _fields(disclosure, public_url, expires))


def _fields(disclosure: Disclosure, public_url: str, expires: datetime) -> Iterator[tuple[str, str]]:
    yield from (("Contact", contact) for contact in disclosure.contacts)
    yield "Expires", expires.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    yield "Preferred-Languages", ", ".join(disclosure.languages)
    yield "Canonical", f"{public_url}/.well-known/security.txt"
    if disclosure.policy is not None:
        yield "Policy", disclosure.policy


def _catalog(public_url: str) -> bytes:
    described = {"href": f"{public_url}/api/v1/openapi.json", "type": "application/json"}
    status = {"href": f"{public_url}/api/v1/status", "type": "application/json"}
    entry = {"anchor": f"{public_url}/api/v1", "service-desc": [described], "status": [status]}
    return msgspec.json.encode({"linkset": [entry]})
