"""Routes that are asked far more often than others, as plain ASGI inside of the same layers.

Guarantees: what stands here is reached before FastAPI's routes are looked at, by exact method and path, and behind the
same table of who may (gateway.api.access); a body is
decoded straight into a closed type, and what doesn't fit is the same 415 and 422 as everywhere, without the input.
The description of the API has these routes like all others (gateway.api.description).
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from chassis.errors import Unauthenticated
from gateway.api.access import ACCESS, Needed, check
from gateway.edge.allow import Route, allow
from gateway.edge.answer import answer
from gateway.edge.problems import InvalidFields, MethodNotAllowed, UnsupportedMediaType, refuse
from gateway.edge.tokens import PRINCIPAL
from gateway.identity.jwt import REFUSED, Principal

JSON: Final = b"application/json"
_PLACE: Final = re.compile(r"at `\$([^`]*)`$")  # where a value was wrong, at the end of msgspec's sentence
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")

Handler = Callable[[Principal, Any], Awaitable[object]]


@dataclass(frozen=True)
class FastRoute:
    """One route. body: what it takes, or None; handler: from the caller and a body to an answer of type `answer`."""

    method: str
    path: str
    operation_id: str
    tag: str
    summary: str
    description: str
    body: type[msgspec.Struct] | None
    answer: type[msgspec.Struct]
    handler: Handler

    @cached_property
    def needed(self) -> Needed | None:
        """What opens it; None is nothing (gateway.api.access)."""
        return ACCESS.get((self.method, self.path))

    @cached_property
    def path_format(self) -> str:
        """As FastAPI's routes have it: the name of this route in metrics and spans."""
        return self.path

    @cached_property
    def decoder(self) -> msgspec.json.Decoder[Any] | None:
        """Of the body."""
        return None if self.body is None else msgspec.json.Decoder(self.body)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As a framework's route says whether a request is its own."""
        own = (scope["method"], scope["path"]) == (self.method, self.path)
        return (Match.FULL if own else Match.NONE), {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        scope["route"] = self
        caller = scope.get(PRINCIPAL)
        if not isinstance(caller, Principal):  # no layer let it through without one; a route still asks
            raise Unauthenticated(REFUSED)
        check(self.needed, caller)
        try:
            body = None if self.decoder is None else await self._body(self.decoder, scope, receive)
        except msgspec.MsgspecError as error:
            await refuse(scope, send, InvalidFields(), errors=[{"pointer": pointer(error), "code": "invalid"}])
            return
        said = _encoder.encode(await self.handler(caller, body))
        await answer(scope, send, 200, [(b"content-type", JSON), (b"content-length", b"%d" % len(said))], said)

    async def _body(self, decoder: msgspec.json.Decoder[Any], scope: Scope, receive: Receive) -> Any:
        if not [name for name, value in scope["headers"] if name == b"content-type" and _is_json(value)]:
            raise UnsupportedMediaType
        return decoder.decode((await receive()).get("body", b""))  # whole already: gateway.edge.body


class Fast:
    """These routes first, then the application."""

    def __init__(self, app: FastAPI, routes: Sequence[FastRoute]) -> None:
        self._app = app
        self.routes: Final[Sequence[Route]] = [*routes, *app.routes]
        self._routes: Mapping[tuple[str, str], FastRoute] = {(route.method, route.path): route for route in routes}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """See ASGI."""
        route = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is not None:
            return route(scope, receive, send)
        if self._is_ours_alone(scope):
            return refuse(scope, send, MethodNotAllowed(), [(b"allow", allow(self.routes, scope).encode())])
        return self._app(scope, receive, send)

    def _is_ours_alone(self, scope: Scope) -> bool:
        """Whether the application has nothing at a path that stands here: to it, another method is no such thing."""
        here = scope["type"] == "http" and any(path == scope["path"] for _, path in self._routes)
        return here and all(route.matches(scope)[0] is Match.NONE for route in self._app.routes)


_encoder: Final = msgspec.json.Encoder()


def pointer(error: msgspec.MsgspecError) -> str:
    """RFC 6901, of names that we declared and numbers: a closed type has no others."""
    place = _PLACE.search(str(error))
    return "".join(f"/{name or number}" for name, number in _STEP.findall(place[1])) if place else ""


def _is_json(value: bytes) -> bool:
    return value == JSON or value.partition(b";")[0].strip().lower() == JSON
