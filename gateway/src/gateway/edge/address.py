"""What a caller's network address becomes before anything remembers it: a keyed hash.

Guarantees: the address itself is kept nowhere; an IPv6 caller counts by its /64, which is what one subscriber gets.
The connection's own address counts. X-Forwarded-For is the caller's to write; only where the connection comes from a
proxy that the operator named, and only as far as such proxies wrote it, does it name the caller.
"""

import hmac
from collections.abc import Collection, Sequence
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

UNKNOWN = b"unknown"  # a connection without an address (a Unix socket) shares one key
MAX_HOPS: Final = 16  # that are looked at; an operator's chain has two or three
FORWARDED: Final = b"x-forwarded-for"


def address_key(scope: Scope, secret: bytes) -> bytes:
    """32 bytes that stand for the caller's address, under `secret`."""
    client = scope.get("client")
    return hmac.digest(secret, network(client[0]) if client else UNKNOWN, sha256)


def network(host: str) -> bytes:
    """What counts as one caller: an IPv4 address, or an IPv6 /64."""
    address = _parsed(host)
    if address is None:
        return UNKNOWN
    return address.packed if isinstance(address, IPv4Address) else address.packed[:8]


def trusted(address: Address, proxies: Collection[Network]) -> bool:
    """Whether it is one of the operator's proxies."""
    plain = _plain(address)
    return any(plain in proxy for proxy in proxies)


def caller(peer: str, forwarded: Sequence[bytes], proxies: Collection[Network]) -> str:
    """The address that a request counts for: of these hops the right-most that is no proxy of ours.

    forwarded: the values of X-Forwarded-For, in their order. Anything but plain addresses between that hop and us, a
    chain that is too long, or one of nothing but proxies: then the peer's own address counts, as without the header.
    """
    own = _parsed(peer)
    if own is None or not trusted(own, proxies):
        return peer
    for hop in reversed(b",".join(forwarded).rsplit(b",", MAX_HOPS)[-MAX_HOPS:]):
        address = _parsed(hop.strip(b" \t").decode("latin-1"))
        if address is None:
            return peer
        if not trusted(address, proxies):
            return str(address)
    return peer


class Forwarded:
    """The layer, outermost of those that look at addresses: scope["client"] becomes the caller."""

    def __init__(self, app: ASGIApp, *, proxies: Collection[Network]) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if client:
            values = [value for name, value in scope.get("headers", ()) if name == FORWARDED]
            scope["client"] = (caller(client[0], values, self._proxies), 0)
        await self._app(scope, receive, send)


def _parsed(host: str) -> Address | None:
    try:
        return None if "%" in host else _plain(ip_address(host))
    except ValueError:
        return None


def _plain(address: Address) -> Address:
    """An IPv4 address that is written as IPv6 is that IPv4 address."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
