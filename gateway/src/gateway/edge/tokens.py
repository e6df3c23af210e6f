"""Who is asking: /api is closed without a valid access token, but for a list of open routes that fits on one screen.

Guarantees: what is not on the list is closed, also what does not exist; any fault of the token is the same 401;
a revoked session is refused although its token verifies. An API key is told by its prefix, and is nothing else: neither
is taken for the other. The verified Principal is the only thing routes get: the
Authorization header is removed, so that no route can log, forward or store the token; and so are cookies, which a
browser sends to every route, but for the two that read one.
"""

import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Final, Protocol

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.errors import Unauthenticated
from gateway.edge.headers import is_api
from gateway.edge.problems import refuse
from gateway.identity import api_key
from gateway.identity.jwt import REFUSED, Principal

PRINCIPAL: Final = "mail_organiser.principal"
OPEN_ROUTES: Final = frozenset(
    {
        ("GET", "/api/v1/openapi.json"),
        ("GET", "/api/v1/status"),
        ("GET", "/api/v1/sub-processors"),
        ("POST", "/api/v1/session/callback"),
        ("POST", "/api/v1/session/exchange"),
        ("POST", "/api/v1/session/refresh"),
        ("POST", "/api/v1/session/sign-in"),
    }
)
COOKIE_ROUTES: Final = frozenset({"/api/v1/session/callback", "/api/v1/session/refresh"})
_SCHEME: Final = b"bearer "
_AUTHORIZATION: Final = b"authorization"
_PROOF: Final = frozenset({_AUTHORIZATION})
_HIDDEN: Final = _PROOF | {b"cookie"}
PATHS: Final = 256  # whose decision is remembered; together 2 MiB, if all of them are as long as one may be


class Verifier(Protocol):
    """What the layer needs of gateway.identity.jwt.AccessTokens."""

    def verify(self, token: str, now: float) -> Principal:
        """The Principal, or Unauthenticated."""


LiveCheck = Callable[[Principal], Awaitable[bool]]
KeyCheck = Callable[[str], Awaitable[Principal]]


async def no_keys(_text: str) -> Principal:
    """For an edge without API keys: none is believed."""
    raise Unauthenticated(REFUSED)


@lru_cache(PATHS)
def is_open(method: str, path: str) -> bool:
    """Whether a request needs no token: pages, and the listed routes."""
    return not is_api(path) or (method, path) in OPEN_ROUTES


def principal(request: Request) -> Principal:
    """The verified caller, for a route's signature. Unauthenticated if a route was opened by mistake."""
    found = request.scope.get(PRINCIPAL)
    if not isinstance(found, Principal):
        raise Unauthenticated(REFUSED)
    return found


class Tokens:
    """The layer."""

    def __init__(self, app: ASGIApp, *, verifier: Verifier, is_live: LiveCheck, key_check: KeyCheck = no_keys) -> None:
        self._app = app
        self._verifier = verifier
        self._is_live = is_live
        self._key_check = key_check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            credentials = _take(scope)
            if not is_open(scope["method"], scope["path"]):
                try:
                    scope[PRINCIPAL] = await self._verified(credentials)
                except Unauthenticated as refused:
                    await refuse(scope, send, refused)
                    return
        await self._app(scope, receive, send)

    async def _verified(self, credentials: list[bytes]) -> Principal:
        if len(credentials) != 1 or credentials[0][: len(_SCHEME)].lower() != _SCHEME:
            raise Unauthenticated(REFUSED)
        token = credentials[0][len(_SCHEME) :].decode("latin-1")
        if token.startswith(api_key.PREFIX):
            return await self._key_check(token)
        verified = self._verifier.verify(token, time.time())
        if not await self._is_live(verified):  # after the verifier's cache, never inside it
            raise Unauthenticated(REFUSED)
        return verified


def _take(scope: Scope) -> list[bytes]:
    """What the caller proves themselves with. It is gone afterwards, and so are cookies where none is read."""
    headers = scope["headers"]
    hidden = _PROOF if scope["path"] in COOKIE_ROUTES else _HIDDEN
    scope["headers"] = [header for header in headers if header[0] not in hidden]
    return [value for name, value in headers if name == _AUTHORIZATION]
