"""The bytes of one answer, bounded before they are inflated.

Guarantees: neither what arrives nor what it inflates to is ever longer than the limit, so a small answer can't fill
the memory (decompression bomb).
"""

import zlib
from typing import Final

MAX_ANSWER: Final = 16 * 1024 * 1024  # bytes: a page of 1000 lean messages has 0.4 MB, one full of recipients 10 MB
_GZIP: Final = 16 + zlib.MAX_WBITS
CODINGS: Final = frozenset({"", "identity", "gzip"})


class Content:
    """Collects one answer."""

    def __init__(self, coding: str, limit: int = MAX_ANSWER) -> None:
        self._inflate = zlib.decompressobj(_GZIP) if coding == "gzip" else None
        self._parts = bytearray()
        self._limit = limit

    def feed(self, chunk: bytes) -> bool:
        """Adds what arrived; False when the answer is too large or not what its coding says."""
        room = self._limit - len(self._parts) + 1
        try:
            self._parts += chunk[:room] if self._inflate is None else self._inflate.decompress(chunk, room)
        except zlib.error:
            return False
        return len(self._parts) <= self._limit

    def whole(self) -> bytes | None:
        """Everything; None when a gzip stream ended early."""
        return None if self._inflate is not None and not self._inflate.eof else bytes(self._parts)
