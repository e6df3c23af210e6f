"""How often: by address before anybody is known, by person and address afterwards.

Guarantees: every answer under a limit says where the caller stands with each that applies (RateLimit and
RateLimit-Policy, draft-ietf-httpapi-ratelimit-headers-11); a refusal is 429 with Retry-After and names what was
violated; one of an address costs no token verification. Callers are told apart by keyed hashes, and no header shows
one; an address itself is remembered in memory alone, among the last few, so that it isn't hashed for every request.
Which limits there are: gateway.edge.limits.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import QuotaExceeded, Unauthenticated
from gateway.edge.address import address_key
from gateway.edge.bucket import CAPACITY, Charge, Grant, Policy
from gateway.edge.headers import Header
from gateway.edge.limiter import Limiter
from gateway.edge.limits import FAILURES, TABLE, By, Limits, RouteClass, route_class
from gateway.edge.problems import refuse
from gateway.edge.tokens import PRINCIPAL

QUOTA_EXCEEDED: Final = "https://iana.org/assignments/http-problem-types#quota-exceeded"
ADDRESS: Final = "mail_organiser.address"  # the first layer leaves the key of the caller's here, for the second
ROUTE_CLASS: Final = "mail_organiser.route_class"  # and what for
ADDRESSES: Final = 256  # remembered with their hash
CALLS: Final = 4_096  # of a person, from an address, of a class: remembered with their charges, about 4 MB
KEY_BYTES: Final = 16  # of a caller's keyed hash

Callers = Mapping[By, bytes]


class Met(NamedTuple):
    """The limits that a request meets. header: RateLimit-Policy, which names them."""

    charges: tuple[Charge, ...]
    header: Header


class AddressLimit:
    """The layer for callers that nobody knows yet. Stands before token verification."""

    def __init__(self, app: ASGIApp, *, limits: Limits, limiter: Limiter, secret: bytes) -> None:
        self._app = app
        self._limiter = limiter
        self._addresses = Addresses(secret)
        self._dry = Dry()
        self._open = {kind: _policies(kind, limits) for kind in (RouteClass.SESSION, RouteClass.PAGES)}
        self._failures = limits.of(FAILURES)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """See ASGI."""
        if scope["type"] != "http":
            return self._app(scope, receive, send)
        scope[ROUTE_CLASS] = kind = route_class(scope["method"], scope["path"])
        address = self._addresses.key(scope)
        scope[ADDRESS] = address
        policies = self._open.get(kind)
        if policies is not None:
            return _limited(self._app, self._limiter, policies.met({By.ADDRESS: address}), scope, receive, send)
        return self._counting_failures(address, scope, receive, send)

    def _counting_failures(self, address: bytes, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # A closed route is limited further in. Here only failures count, so that guessing runs dry.
        dry = self._dry.wait_s(address)
        if dry:
            met = _met([Charge(self._failures, address)])
            return _refuse(scope, send, met, [Grant(allowed=False, remaining=0, reset_s=dry)])

        def counting(message: Message) -> Awaitable[None]:
            failed = message["type"] == "http.response.start" and message["status"] == Unauthenticated.http_status
            return self._failed(address, message, send) if failed else send(message)

        return self._app(scope, receive, counting)

    async def _failed(self, address: bytes, message: Message, send: Send) -> None:
        (grant,) = await self._limiter.take([Charge(self._failures, address)])
        self._dry.note(address, grant)
        await send(message)


class Addresses:
    """Keyed hashes of the last few addresses that called."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._known: OrderedDict[str, bytes] = OrderedDict()

    def key(self, scope: Scope) -> bytes:
        """What stands for the caller's address."""
        client = scope.get("client")
        host = client[0] if client else ""
        known = self._known.get(host)
        if known is None:
            known = self._known[host] = address_key(scope, self._secret)[:KEY_BYTES]
            if len(self._known) > ADDRESSES:
                self._known.popitem(last=False)
        return known


class Dry:
    """Addresses that have no failure left, and until when. Kept here, so that refusing one asks nobody."""

    def __init__(self) -> None:
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def wait_s(self, key: bytes) -> int:
        """Whole seconds until `key` may fail again; 0: now."""
        if not self._until:
            return 0
        now, until = time.monotonic(), self._until.get(key, 0.0)
        if until <= now:
            self._until.pop(key, None)
            return 0
        return int(until - now) + 1

    def note(self, key: bytes, grant: Grant) -> None:
        """What the limiter said to one more failure."""
        if grant.remaining == 0:
            self._until[key] = time.monotonic() + grant.reset_s
            if len(self._until) > CAPACITY:
                self._until.popitem(last=False)


class PersonLimit:
    """The layer for known callers. Stands behind token verification."""

    def __init__(self, app: ASGIApp, *, limits: Limits, limiter: Limiter, secret: bytes) -> None:
        self._app = app
        self._limiter = limiter
        self._secret = secret
        self._policies = {kind: _policies(kind, limits) for kind in RouteClass}
        self._met = lru_cache(CALLS)(self._met_by)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """See ASGI."""
        if scope["type"] != "http" or PRINCIPAL not in scope:
            return self._app(scope, receive, send)
        who = scope[PRINCIPAL]
        met = self._met(scope[ROUTE_CLASS], scope[ADDRESS], who.person_id, who.key_id)
        return _limited(self._app, self._limiter, met, scope, receive, send)

    def _met_by(self, kind: RouteClass, address: bytes, person_id: str, key_id: str | None) -> Met:
        callers = {By.ADDRESS: address, By.PERSON: self._key(person_id)}
        if key_id is not None:
            callers[By.KEY] = self._key(key_id)
        return self._policies[kind].met(callers)

    def _key(self, identity: str) -> bytes:
        return blake2b(identity.encode(), key=self._secret, digest_size=KEY_BYTES).digest()


class Policies:
    """What a class of requests is charged to."""

    def __init__(self, rules: Sequence[tuple[Policy, By]]) -> None:
        self._rules = rules

    def met(self, callers: Callers) -> Met:
        """A rule of whom this caller has none is not theirs."""
        return _met([Charge(policy, callers[by]) for policy, by in self._rules if by in callers])


def _met(charges: Sequence[Charge]) -> Met:
    return Met(tuple(charges), (b"ratelimit-policy", b",".join([charge.policy.header for charge in charges])))


def _policies(kind: RouteClass, limits: Limits) -> Policies:
    return Policies([(limits.of(rule), rule.by) for rule in TABLE[kind]])


async def _limited(  # noqa: PLR0913, PLR0917  # ASGI's three, and what they are limited by
    app: ASGIApp, limiter: Limiter, met: Met, scope: Scope, receive: Receive, send: Send
) -> None:
    grants = await limiter.take(met.charges)
    if not all([grant.allowed for grant in grants]):  # noqa: C419  # two or three, on every request: a list is cheaper
        await _refuse(scope, send, met, grants)
        return

    def informing(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *standing(met, grants)]
        return send(message)

    await app(scope, receive, informing)


async def _refuse(scope: Scope, send: Send, met: Met, grants: Sequence[Grant]) -> None:
    pairs = zip(met.charges, grants, strict=True)
    violated = [(charge.policy.name, grant.reset_s) for charge, grant in pairs if not grant.allowed]
    error = QuotaExceeded(retry_after=max(wait for _, wait in violated))  # never earlier than what RateLimit says
    members = {"type": QUOTA_EXCEEDED, "violated-policies": [name for name, _ in violated]}
    await refuse(scope, send, error, standing(met, grants), **members)


def standing(met: Met, grants: Sequence[Grant]) -> tuple[Header, Header]:
    """The two headers: what each policy grants, and what is left of it for this caller. No partition key (pk)."""
    pairs = zip(met.charges, grants, strict=True)
    left = ",".join([f'"{policy.name}";r={grant.remaining};t={grant.reset_s}' for (policy, _), grant in pairs])
    return met.header, (b"ratelimit", left.encode())
