"""A house with an authority, a server "sentinel" and a client "gateway", for real TLS on loopback."""

import chassis  # noqa: F401  # isort: skip  # before grpc, which reads its ciphers while it is imported

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest

from chassis import errors
from chassis.authority import LocalAuthority
from chassis.callers import Callers
from chassis.channel import open_channel
from chassis.server import Serving, serve
from chassis.tls import TlsFiles

SENTINEL = "sentinel.mail-organiser.internal"
GATEWAY = "gateway.mail-organiser.internal"
CANARY = "Re: Invoice 4711 for Zebediah"


class MessageGone(errors.NotFound):
    """A service's own error."""

    code = "message_gone"
    title = "Message is gone"


@dataclass
class Echo:
    """A servicer of raw bytes: four kinds of handler, errors on demand, and a call that waits to be released."""

    parsed: list[bytes] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    raised: BaseException | None = None

    async def unary(self, request: bytes, _context: object) -> bytes:
        return request

    async def fail(self, _request: bytes, _context: object) -> bytes:
        assert self.raised is not None
        raise self.raised

    async def wait(self, request: bytes, _context: object) -> bytes:
        self.arrived.set()
        await self.release.wait()
        return request

    async def certificate(self, _request: bytes, context: Any) -> bytes:
        (pem,) = context.auth_context()["x509_pem_cert"]
        return bytes(pem)

    async def down(self, request: bytes, _context: object) -> AsyncIterator[bytes]:
        yield request
        yield request

    async def up(self, requests: AsyncIterator[bytes], _context: object) -> bytes:
        return b"".join([request async for request in requests])

    async def both(self, requests: AsyncIterator[bytes], _context: object) -> AsyncIterator[bytes]:
        async for request in requests:
            yield request

    def register(self, server: grpc.aio.Server) -> None:
        unary = grpc.unary_unary_rpc_method_handler
        handlers = {
            "Unary": unary(self.unary, self.parse),
            "Fail": unary(self.fail),
            "Wait": unary(self.wait),
            "Certificate": unary(self.certificate),
            "Wrong": unary(self.unary, None, self.write),
            "Unlisted": unary(self.unary),
            "Down": grpc.unary_stream_rpc_method_handler(self.down, self.parse),
            "Up": grpc.stream_unary_rpc_method_handler(self.up, self.parse),
            "Both": grpc.stream_stream_rpc_method_handler(self.both, self.parse),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.v1.Echo", handlers),))

    def parse(self, raw: bytes) -> bytes:
        self.parsed.append(raw)
        if raw == b"garbage":
            raise ValueError(CANARY)
        return raw

    def write(self, _response: bytes) -> bytes:
        raise ValueError(CANARY)


METHODS = ("Unary", "Fail", "Wait", "Certificate", "Wrong", "Down", "Up", "Both", "Unimplemented")


@dataclass
class House:
    """One authority, its two leaves, and an echo service that only the gateway may call."""

    folder: Path
    authority: LocalAuthority
    sentinel: TlsFiles
    gateway: TlsFiles
    echo: Echo = field(default_factory=Echo)
    healthy: bool = True

    async def check(self) -> bool:
        return self.healthy

    def serve(self, **changes: Any) -> AbstractAsyncContextManager[Serving]:
        callers = Callers({f"/test.v1.Echo/{name}": frozenset({GATEWAY}) for name in METHODS})
        given: dict[str, Any] = {
            "address": "127.0.0.1:0",
            "tls": self.sentinel,
            "callers": callers,
            "services": [self.echo.register],
            "health": {"test.v1.Echo": self.check},
        }
        return serve(**{**given, **changes})

    def channel(self, port: int, tls: TlsFiles | None = None, **changes: Any) -> grpc.aio.Channel:
        return open_channel(f"127.0.0.1:{port}", tls or self.gateway, SENTINEL, **changes)

    def stranger(self, port: int, tls: TlsFiles | None) -> grpc.aio.Channel:
        """A client that isn't ours and obeys nothing: any certificate or none, no deadline needed."""
        roots = self.sentinel.authority.read_bytes()
        pair = (tls.key.read_bytes(), tls.certificate.read_bytes()) if tls else (None, None)
        options = [("grpc.ssl_target_name_override", SENTINEL)]
        return grpc.aio.secure_channel(f"127.0.0.1:{port}", grpc.ssl_channel_credentials(roots, *pair), options)


@pytest.fixture
def house(tmp_path: Path) -> House:
    authority = LocalAuthority.open(tmp_path / "authority")
    sentinel = authority.issue(SENTINEL, ["localhost", "127.0.0.1"])
    return House(tmp_path, authority, sentinel, authority.issue(GATEWAY))


@pytest.fixture
def canary() -> str:
    """A subject line that must turn up nowhere."""
    return CANARY


@pytest.fixture
def message_gone() -> type[errors.ServiceError]:
    return MessageGone
