"""Head and body of an answer leave together: one TLS record and one system call instead of two.

Guarantees: one part waits at most, and no longer than this turn of the loop, so backpressure and deadlines are the
transport's as before; closing sends what was written first, aborting doesn't.
"""

import asyncio
from typing import Any


class Joined(asyncio.Transport):
    """A transport in front of another."""

    def __init__(self, inner: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._inner = inner
        self._loop = loop
        self._waits = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """The first part waits for a second one, or for the end of this turn."""
        if self._waits:
            self._inner.write(self._waits + data)
            self._waits = b""
        else:
            self._waits = bytes(data)
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """After what was written."""
        self._flush()
        self._inner.close()

    def abort(self) -> None:
        """At once."""
        self._waits = b""
        self._inner.abort()

    def is_closing(self) -> bool:
        """As the transport behind it."""
        return self._inner.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As the transport behind it."""
        return self._inner.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """As the transport behind it."""
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        """As the transport behind it."""
        self._inner.resume_reading()

    def get_write_buffer_size(self) -> int:
        """What waits here and behind."""
        return self._inner.get_write_buffer_size() + len(self._waits)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """As the transport behind it."""
        self._inner.set_write_buffer_limits(high, low)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """As the transport behind it."""
        self._inner.set_protocol(protocol)

    def _flush(self) -> None:
        if self._waits:
            waited, self._waits = self._waits, b""
            self._inner.write(waited)
