"""An evil Graph that a test can steer: real TLS, real sockets, answers that Microsoft would never give."""

import asyncio
import base64
import contextlib
import datetime as dt
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from prometheus_client import CollectorRegistry

from gateway.graph.calls import GraphCalls
from gateway.graph.endpoint import Endpoint
from gateway.graph.gate import Gate
from gateway.graph.link import Asked
from gateway.graph.mover import Mover
from gateway.graph.reader import Reader
from gateway.graph.transport import Connection, Transport

CANARY = "canary-7f3a-this-is-a-body"


@dataclass
class Request:
    """What reached the server."""

    verb: str
    target: str
    headers: dict[str, str]
    content: bytes

    @property
    def items(self) -> list[dict[str, Any]]:
        return list(json.loads(self.content)["requests"])


@dataclass
class Reply:
    """What the server does with it. then: "close" ends the connection after as much as was given."""

    status: int = 200
    content: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    then: str = "go on"
    length: int | None = None

    @classmethod
    def of(cls, document: object, status: int = 200, **headers: str) -> "Reply":
        return cls(status, json.dumps(document).encode(), {k.replace("_", "-"): v for k, v in headers.items()})


Handler = Callable[[Request], Reply | Awaitable[Reply]]


class EvilGraph:
    """Speaks just enough HTTP/1.1, and counts what is in flight."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests: list[Request] = []
        self.replies: list[Reply] = []
        self.handler: Handler = lambda _: self.replies.pop(0)
        self.connections = 0
        self.in_flight = 0
        self.most_in_flight = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._context)
        port = self._server.sockets[0].getsockname()[1]
        self.origin = f"https://127.0.0.1:{port}"
        self.root = f"{self.origin}/v1.0"

    async def stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            while await self._exchange(reader, writer):
                pass
        writer.transport.abort()
        self._tasks.discard(task)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        verb, target, _ = head[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        content = await reader.readexactly(int(headers.get("content-length", "0")))
        request = Request(verb, target, headers, content)
        self.requests.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            reply = self.handler(request)
            reply = await reply if isinstance(reply, Awaitable) else reply
        finally:
            self.in_flight -= 1
        return await self._reply(writer, reply)

    async def _reply(self, writer: asyncio.StreamWriter, reply: Reply) -> bool:
        if reply.then == "reset":
            return False
        length = len(reply.content) if reply.length is None else reply.length
        lines = [f"HTTP/1.1 {reply.status} Evil", f"Content-Length: {length}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + reply.content)
        await writer.drain()
        return reply.then == "go on"


class StillClock:
    """Sleeping takes no time and is written down."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []
        self.luck = 0.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_700_000_000.0 + self.now

    def chance(self) -> float:
        return self.luck

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Tokens:
    """A token source that remembers which claims it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []
        self.refused: list[str | None] = []

    async def __call__(self, claims: str | None, refused: str | None = None) -> str:
        self.asked.append(claims)
        self.refused.append(refused)
        return "token-plain" if claims is None else "token-with-claims"


@dataclass
class Desk:
    """Everything of ours that a test needs."""

    connection: Connection
    transport: Transport
    reader: Reader
    mover: Mover
    clock: StillClock
    tokens: Tokens
    gate: Gate


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    public = signer.public_key()
    hosts = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    names = x509.SubjectAlternativeName(hosts)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(names, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(signer, hashes.SHA256())
    )


def _write(folder: Path) -> tuple[Path, ssl.SSLContext]:
    authority_key, key = _key(), _key()
    authority = _certificate("test authority", authority_key, "test authority", authority_key, authority=True)
    leaf = _certificate("evil", key, "test authority", authority_key, authority=False)
    pem = serialization.Encoding.PEM
    (folder / "authority.pem").write_bytes(authority.public_bytes(pem))
    (folder / "leaf.pem").write_bytes(leaf.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "leaf.key").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "leaf.pem", folder / "leaf.key")
    return folder / "authority.pem", context


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return _write(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def foreign_tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """Of an authority that nobody trusts."""
    return _write(tmp_path_factory.mktemp("foreign"))


@pytest.fixture
async def graph(tls: tuple[Path, ssl.SSLContext]) -> AsyncIterator[EvilGraph]:
    server = EvilGraph(tls[1])
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def elsewhere(tls: tuple[Path, ssl.SSLContext]) -> AsyncIterator[EvilGraph]:
    """Another host with a certificate that we trust: nothing may ever reach it."""
    server = EvilGraph(tls[1])
    await server.start()
    yield server
    await server.stop()
    assert server.requests == []


@pytest.fixture
async def impostor(foreign_tls: tuple[Path, ssl.SSLContext]) -> AsyncIterator[EvilGraph]:
    server = EvilGraph(foreign_tls[1])
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


Sit = Callable[[EvilGraph], contextlib.AbstractAsyncContextManager[Desk]]


@pytest.fixture
def sit(tls: tuple[Path, ssl.SSLContext], clock: StillClock, tokens: Tokens) -> Sit:
    """Opens a desk in front of a server."""

    @contextlib.asynccontextmanager
    async def opened(server: EvilGraph) -> AsyncIterator[Desk]:
        async with Connection.open(
            Endpoint.parse(server.root), clock, GraphCalls(CollectorRegistry()), authority=tls[0]
        ) as connection:
            gate = Gate(clock)
            transport = Transport(connection, tokens, gate)
            yield Desk(
                connection, transport, Reader(transport, Asked.WITH_LIST_ID), Mover(transport), clock, tokens, gate
            )

    return opened


@pytest.fixture
async def desk(graph: EvilGraph, sit: Sit) -> AsyncIterator[Desk]:
    async with sit(graph) as opened:
        yield opened


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def canary() -> str:
    return CANARY


@pytest.fixture
def whole() -> Callable[..., dict[str, Any]]:
    """A message as Graph has it, with everything that we never ask for."""

    def made(message_id: str, folder: str = "INBOX", **fields: object) -> dict[str, Any]:
        address = {"emailAddress": {"name": "Ann Sender", "address": "ann@example.org"}}
        kept = {
            "id": message_id,
            "parentFolderId": folder,
            "subject": f"subject of {message_id}",
            "from": address,
            "toRecipients": [address],
            "ccRecipients": [],
            "receivedDateTime": "2026-01-02T03:04:05Z",
            "isDraft": False,
            "conversationId": "C1",
            "flag": {"flagStatus": "notFlagged"},
        }
        return {**kept, **fields}

    return made


@pytest.fixture
def serve(graph: EvilGraph) -> Callable[..., None]:
    """Answers every call with this document."""

    def answered(document: object) -> None:
        graph.handler = lambda _: Reply.of(document)

    return answered


@pytest.fixture
def challenge() -> tuple[str, str]:
    """The JSON of a claims challenge, and the header that carries it."""
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}'
    coded = base64.b64encode(claims.encode()).decode()
    header = f'Bearer realm="", error="insufficient_claims", claims="{coded}"'
    return claims, header
