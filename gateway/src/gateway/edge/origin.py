"""Where a request comes from, and that it was refused, for the audit log.

Guarantees: the address is kept nowhere; its network (/24, for IPv6 /64) becomes a keyed hash, and only when an event is
recorded. Every 401, 403 and 429 is noted once, whoever refused; so is what an inner part says it denied.
"""

import hmac
from collections.abc import Awaitable
from ipaddress import IPv4Address, ip_address
from typing import Final, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.audit import origin
from gateway.audit.event import Event, Kind, Outcome
from gateway.audit.origin import Origin
from gateway.edge.problems import TRACE_ID
from gateway.edge.tokens import PRINCIPAL

DENIED: Final = "mail_organiser.denied"  # in the scope: a list; whoever denies appends a reason
MARK_BYTES: Final = 16
_UNAUTHENTICATED, _FORBIDDEN, _TOO_MANY = 401, 403, 429
_KINDS: Final = {_UNAUTHENTICATED: Kind.TOKEN_REFUSED, _FORBIDDEN: Kind.DENIED, _TOO_MANY: Kind.LIMITED}


class Audit(Protocol):
    """What the layer needs of gateway.audit.trail.Trail."""

    def network_key(self) -> bytes:
        """The key (32 bytes) under which networks are hashed."""

    def note(self, event: Event) -> None:
        """Count a refusal."""


def denied(scope: Scope, what: str) -> None:
    """A caller asked for what is not theirs; `what` is a code. The answer may well be 404."""
    scope[DENIED].append(what)


class Origins:
    """The layer: inside Trace, around everything that may refuse."""

    def __init__(self, app: ASGIApp, *, audit: Audit) -> None:
        self._app = app
        self._key = audit.network_key()
        self._note = audit.note

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """See ASGI."""
        if scope["type"] != "http":
            return self._app(scope, receive, send)
        found: list[str] = []
        scope[DENIED] = found
        origin.enter(lambda: Origin("edge", network_mark(scope, self._key), scope.get(TRACE_ID)))

        def noting(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                self._noted(scope, message, found)
            return send(message)

        return self._app(scope, receive, noting)

    def _noted(self, scope: Scope, message: Message, found: list[str]) -> None:
        kind = Kind.DENIED if found else _KINDS.get(message["status"])
        if kind is None:
            return
        reason = found[0] if found else _limit(message) if kind is Kind.LIMITED else None
        caller = scope.get(PRINCIPAL)
        self._note(Event(kind, Outcome.REFUSED, person=caller and caller.person_id, reason=reason))


def network_mark(scope: Scope, key: bytes) -> bytes | None:
    """16 bytes that stand for the network of the connection, None where there is none."""
    client = scope.get("client")
    network = _network(client[0]) if client else None
    return network and hmac.digest(key, network, "sha256")[:MARK_BYTES]


def _network(host: str) -> bytes | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address.packed[:3]
    return address.ipv4_mapped.packed[:3] if address.ipv4_mapped else address.packed[:8]


def _limit(message: Message) -> str | None:
    """The name of the first policy of which nothing is left, in the RateLimit that our limiter wrote."""
    standing = next((value for name, value in message["headers"] if name.lower() == b"ratelimit"), b"")
    spent = (item for item in standing.split(b",") if b";r=0" in item)
    parts = next(spent, b"").split(b'"')
    return parts[1].decode("ascii") if len(parts) > 1 else None
