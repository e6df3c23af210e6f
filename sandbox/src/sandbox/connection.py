"""uvicorn's HTTP protocol, with what a faulty network needs: each request knows its connection and can cut it."""

import asyncio
import itertools
import os
import socket
import struct
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.graph.exchange import Connection

if TYPE_CHECKING:
    from collections.abc import MutableMapping

CONNECTION, TRANSPORT = "sandbox.connection", "sandbox.transport"  # keys in the ASGI scope
_numbers = itertools.count(1)


class CuttableProtocol(HttpToolsProtocol):
    """Puts the connection's number and its transport into the scope of each request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self._connection = Connection(next(_numbers))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: MutableMapping[str, Any] = self.scope  # type: ignore[assignment]  # ASGI lets a server add keys
        scope[CONNECTION] = self._connection
        scope[TRANSPORT] = self.transport


def cut(transport: asyncio.Transport) -> None:
    """End the connection with a TCP reset: no answer, no close_notify."""
    described = transport.get_extra_info("socket")
    with socket.socket(fileno=os.dup(described.fileno())) as twin:
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
