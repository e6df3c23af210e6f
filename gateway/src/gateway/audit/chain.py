"""How an event is bound to all before it. Pure: bytes in, bytes out.

    hash = SHA-256(frame("audit/1", deployment, hash of the event before, each column in order))
    mac  = HMAC-SHA-256(audit key, hash)
    frame: for each part u32be length || bytes; u32be 0xffffffff for an absent one

The hash makes an edit, a deletion and a swap show; the mac, that nobody without the key can write the chain anew.
"""

import hmac
from hashlib import sha256
from typing import Final

from gateway.store.audit import Entry

FORMAT: Final = "audit/1"
GENESIS: Final = bytes(32)  # what stands before the first event
_ABSENT: Final = b"\xff\xff\xff\xff"
Part = str | int | bytes | None


def link(deployment: str, before: bytes, entry: Entry) -> bytes:
    """The event's hash (32 bytes). The entry's own hash, mac and key are not part of it."""
    return sha256(frame(FORMAT, deployment, before, *_content(entry))).digest()


def mac(key: bytes, hashed: bytes) -> bytes:
    """Who knew the key when the event was written (32 bytes)."""
    return hmac.digest(key, hashed, "sha256")


def frame(*parts: Part) -> bytes:
    """The parts, each behind its length: no two lists of parts are the same bytes."""
    return b"".join(_framed(part) for part in parts)


def _framed(part: Part) -> bytes:
    if part is None:
        return _ABSENT
    encoded = part if isinstance(part, bytes) else str(part).encode()
    return len(encoded).to_bytes(4, "big") + encoded


def _content(entry: Entry) -> tuple[Part, ...]:
    return entry[: Entry._fields.index("hash")]
