"""What comes over TLS is read into one buffer that all connections share.

uvloop asks a plain protocol's bytes of OpenSSL in pieces of 256 KiB, twice a request, and each of them is mapped and
given back (see gateway.edge.allocator). Guarantees: between a read and its protocol nothing else runs, and a protocol
gets a copy of what was read for it, so no connection sees another's bytes.
"""

import asyncio
from typing import Final

BUFFER_BYTES: Final = 64 * 1024  # four TLS records; more is read at the next turn
_buffer: Final = memoryview(bytearray(BUFFER_BYTES))


class Reading(asyncio.BufferedProtocol):
    """In front of a protocol."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        self._protocol = protocol
        self._received = protocol.data_received
        self.connection_made = protocol.connection_made  # type: ignore[method-assign]  # not one call more
        self.connection_lost = protocol.connection_lost  # type: ignore[method-assign]  # the same
        self.pause_writing = protocol.pause_writing  # type: ignore[method-assign]  # the same
        self.resume_writing = protocol.resume_writing  # type: ignore[method-assign]  # the same
        self.eof_received = protocol.eof_received  # type: ignore[method-assign]  # the same

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # asyncio's signature
        """Room for what has come, however much that is."""
        return _buffer

    def buffer_updated(self, nbytes: int) -> None:
        """So much has come."""
        self._received(bytes(_buffer[:nbytes]))
