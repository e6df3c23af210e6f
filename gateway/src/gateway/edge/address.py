"""What a caller's network address becomes before anything remembers it: a keyed hash.

Guarantees: the address itself is kept nowhere; an IPv6 caller counts by its /64, which is what one subscriber gets.
Only the connection's own address counts: X-Forwarded-For is the caller's to write.
"""

import hmac
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

from starlette.types import Scope

UNKNOWN = b"unknown"  # a connection without an address (a Unix socket) shares one key


def address_key(scope: Scope, secret: bytes) -> bytes:
    """32 bytes that stand for the connection's address, under `secret`."""
    client = scope.get("client")
    return hmac.digest(secret, _network(client[0]) if client else UNKNOWN, sha256)


def _network(host: str) -> bytes:
    try:
        address = ip_address(host)
    except ValueError:
        return UNKNOWN
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped.packed if address.ipv4_mapped else address.packed[:8]
    return address.packed
