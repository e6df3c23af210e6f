"""How often: by address before anybody is known, by person afterwards.

Guarantees: every answer under a limit says where the caller stands (RateLimit and RateLimit-Policy,
draft-ietf-httpapi-ratelimit-headers-11), a refusal is 429 with Retry-After and costs no token verification;
addresses are kept as keyed hashes only; memory is bounded. In process: N replicas grant N times as much.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import QuotaExceeded, Unauthenticated
from gateway.edge.address import address_key
from gateway.edge.bucket import Buckets, Grant, Policy
from gateway.edge.headers import Header, is_api
from gateway.edge.problems import refuse
from gateway.edge.tokens import PRINCIPAL, is_open

_OURS: Final = frozenset({b"ratelimit", b"ratelimit-policy"})


# Chosen for a household behind one address; an organisation behind one raises the first three.
SESSION: Final = Policy("session", quota=30, window_s=60)  # open routes, per address; a sign-in takes three
FAILURES: Final = Policy("failures", quota=30, window_s=60)  # refused access tokens, per address
PAGES: Final = Policy("pages", quota=600, window_s=60)  # static files, per address
PERSON: Final = Policy("person", quota=600, window_s=60)  # everything else, per person


@dataclass(frozen=True)
class Limits:
    """What each kind of caller gets."""

    session: Policy = SESSION
    failures: Policy = FAILURES
    pages: Policy = PAGES
    person: Policy = PERSON


class AddressLimit:
    """The layer for callers that nobody knows yet. Stands before token verification."""

    def __init__(self, app: ASGIApp, *, limits: Limits, secret: bytes) -> None:
        self._app = app
        self._secret = secret
        self._session = Buckets(limits.session)
        self._failures = Buckets(limits.failures)
        self._pages = Buckets(limits.pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        key = address_key(scope, self._secret)
        if is_open(scope["method"], scope["path"]):
            buckets = self._session if is_api(scope["path"]) else self._pages
            await _limited(self._app, buckets, key)(scope, receive, send)
        else:
            await self._counting_failures(key)(scope, receive, send)

    def _counting_failures(self, key: bytes) -> ASGIApp:
        # A closed route is limited by person further in. Here only failures count, so that guessing runs dry.
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            standing = self._failures.peek(key, time.monotonic())
            if not standing.allowed:
                await _refuse(scope, send, self._failures.policy, standing)
                return

            async def counting(message: Message) -> None:
                if message["type"] == "http.response.start" and message["status"] == Unauthenticated.http_status:
                    self._failures.take(key, time.monotonic())
                await send(message)

            await self._app(scope, receive, counting)

        return app


class PersonLimit:
    """The layer for known callers. Stands behind token verification."""

    def __init__(self, app: ASGIApp, *, limits: Limits, secret: bytes) -> None:
        self._app = app
        self._secret = secret
        self._buckets = Buckets(limits.person)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or PRINCIPAL not in scope:
            await self._app(scope, receive, send)
            return
        key = sha256(self._secret + scope[PRINCIPAL].person_id.encode()).digest()
        await _limited(self._app, self._buckets, key)(scope, receive, send)


def _limited(inner: ASGIApp, buckets: Buckets, key: bytes) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        grant = buckets.take(key, time.monotonic())
        if not grant.allowed:
            await _refuse(scope, send, buckets.policy, grant)
            return

        async def informing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*_without_ours(message["headers"]), *standing(buckets.policy, grant)]
            await send(message)

        await inner(scope, receive, informing)

    return app


async def _refuse(scope: Scope, send: Send, policy: Policy, grant: Grant) -> None:
    error = QuotaExceeded(retry_after=max(1, grant.reset_s))  # never earlier than what RateLimit says
    await refuse(scope, send, error, standing(policy, grant))


def standing(policy: Policy, grant: Grant) -> list[Header]:
    """The two headers: what the policy grants, and what is left of it for this caller."""
    return [
        (b"ratelimit-policy", f'"{policy.name}";q={policy.quota};w={policy.window_s}'.encode()),
        (b"ratelimit", f'"{policy.name}";r={grant.remaining};t={grant.reset_s}'.encode()),
    ]


def _without_ours(headers: Iterable[Header]) -> list[Header]:
    return [header for header in headers if header[0].lower() not in _OURS]
