"""A small application behind the real layers, called in-process as a server would call it."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path
from typing import Annotated

import httpx
import pytest
import uvloop
from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.responses import StreamingResponse
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry
from pydantic import BaseModel, ConfigDict
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.authority import LocalAuthority
from chassis.errors import NotFound, Unauthenticated, Unavailable
from chassis.tls import TlsFiles
from gateway import edge
from gateway.audit import origin
from gateway.audit.event import Event
from gateway.audit.origin import Origin
from gateway.edge import problems
from gateway.edge.address import Network
from gateway.edge.counts import EdgeCounts
from gateway.edge.limiter import Limiter
from gateway.edge.limits import Limits
from gateway.edge.listener import Address, Gauges, Listener, Terms
from gateway.edge.load import Load
from gateway.edge.protocol import Deadlines
from gateway.edge.tokens import principal
from gateway.identity.jwt import REFUSED, Principal

GOOD = "good-token"
WHO = Principal("per_a", "ses_b", "jti-c")


class Verifier:
    """Knows good tokens of two people, and two that stand for API keys of the first."""

    def verify(self, token: str, now: float) -> Principal:
        known = {
            GOOD: WHO,
            "other-token": Principal("per_x", "ses_y", "jti-z"),
            "key-one": Principal("per_a", "apk_1", "apk_1", key_id="apk_1"),
            "key-two": Principal("per_a", "apk_2", "apk_2", key_id="apk_2"),
        }
        if token not in known or not now:
            raise Unauthenticated(REFUSED)
        return known[token]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    count: int = 0


def application(provider: TracerProvider) -> FastAPI:  # noqa: C901  # a list of routes, each with its own fault
    # With a provider FastAPI would trace by itself: the edge must not let it.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, telemetry={"tracer_provider": provider})
    problems.install(app)

    @app.get("/api/v1/things/{thing_id}")
    async def thing(thing_id: str, caller: Annotated[Principal, Depends(principal)]) -> dict[str, str]:
        return {"thing": thing_id, "person": caller.person_id}

    @app.put("/api/v1/things/{thing_id}")
    async def put(thing_id: str) -> dict[str, str]:
        return {"thing": thing_id}

    @app.get("/api/v1/unavailable")
    async def unavailable() -> None:
        raise Unavailable(retry_after=3)

    @app.get("/api/v1/headers")
    async def headers(request: Request) -> dict[str, str]:
        return dict(request.headers)

    @app.post("/api/v1/things")
    async def make(body: Body) -> dict[str, object]:
        return {"name_length": len(body.name)}

    @app.post("/api/v1/session/sign-in")
    async def open_route() -> dict[str, str]:
        return {"open": "yes"}

    @app.get("/api/v1/fails")
    async def fails() -> None:
        raise RuntimeError("secret-in-the-exception")

    @app.get("/api/v1/absent")
    async def absent() -> None:
        raise NotFound

    @app.get("/api/v1/breaks-off")
    async def breaks_off() -> StreamingResponse:
        async def stream() -> AsyncIterator[bytes]:
            yield b"begun"
            raise RuntimeError("secret-in-the-exception")

        return StreamingResponse(stream(), media_type="text/plain")

    @app.get("/client")
    async def client(request: Request) -> str:
        return request.client.host if request.client else ""

    @app.get("/large")
    async def large() -> StreamingResponse:
        async def stream() -> AsyncIterator[bytes]:
            for _ in range(1000):
                yield b"x" * 100_000

        return StreamingResponse(stream(), media_type="text/plain")

    @app.websocket("/api/v1/socket")
    async def socket(connection: WebSocket) -> None:
        await connection.accept()

    @app.get("/")
    async def page() -> str:
        return "page"

    return app


class Notes:
    """An audit log's ear: what the edge notes, and from which network."""

    def __init__(self) -> None:
        self.taken: list[tuple[Event, Origin]] = []

    def network_key(self) -> bytes:
        return b"k" * 32

    def note(self, event: Event) -> None:
        self.taken.append((event, origin.current()))


class Edge:
    """The wrapped application and what it left behind."""

    def __init__(
        self,
        limits: Limits | None = None,
        caps: dict[str, int] | None = None,
        limiter: Limiter | None = None,
        limit_secret: bytes | None = None,
        traced: float = 1.0,
        load: Load | None = None,
        proxies: Collection[Network] = (),
    ) -> None:
        self.spans = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.spans))
        self.registry = CollectorRegistry()
        self.revoked: set[str] = set()
        self.notes = Notes()
        self.app: ASGIApp = edge.wrap(
            application(provider),
            verifier=Verifier(),
            is_live=self._is_live,
            audit=self.notes,
            tracer=provider.get_tracer("test"),
            registry=self.registry,
            traced=traced,
            limits=limits,
            limiter=limiter,
            limit_secret=limit_secret,
            body_caps=caps,
            load=load,
            proxies=proxies,
        )

    async def _is_live(self, caller: Principal) -> bool:
        return caller.session_id not in self.revoked

    def client(self, address: str = "203.0.113.7") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True, client=(address, 1234))
        return httpx.AsyncClient(transport=transport, base_url="https://mail.example", trust_env=False)

    async def get(self, path: str, **options: object) -> httpx.Response:
        async with self.client() as client:
            return await client.get(path, **{"headers": {"authorization": f"Bearer {GOOD}"}, **options})  # type: ignore[arg-type]  # any option


@pytest.fixture
def make_edge() -> Callable[..., Edge]:
    return Edge


@pytest.fixture
def front() -> Edge:
    return Edge()


QUICK = Deadlines(handshake_s=0.5, headers_s=0.5, message_s=0.8, stall_s=0.5, idle_s=1, farewell_s=0.5)


class Quick:
    """A listener whose deadlines pass quickly, and raw connections to it. seen: paths that reached the application."""

    def __init__(self, app: ASGIApp, tls: TlsFiles) -> None:
        self.seen: set[str] = set()
        self.tls = tls
        self._app = app
        self.registry = CollectorRegistry()
        gauges = Gauges(counts=EdgeCounts(self.registry))
        self.listener = Listener(self._noting, Address("127.0.0.1", 0), tls, terms=Terms(QUICK), gauges=gauges)

    async def _noting(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.add(scope["path"])
        await self._app(scope, receive, send)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        trust = ssl.create_default_context(cafile=str(self.tls.authority))
        return await asyncio.open_connection("127.0.0.1", self.listener.port, ssl=trust, server_hostname="localhost")


@contextlib.asynccontextmanager
async def served(listener: Listener) -> AsyncIterator[None]:
    """The listener, serving while inside."""
    serving = asyncio.create_task(listener.serve())
    while not listener.started and not serving.done():  # noqa: ASYNC110  # uvicorn offers no event
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        listener.should_exit = True
        for connection in list(listener.server_state.connections):
            connection.transport.abort()
        await serving


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """As in the gateway itself: asyncio's own loop is forgiving about what uvloop is not."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
def tls(tmp_path: Path) -> TlsFiles:
    return LocalAuthority.open(tmp_path / "tls").issue("localhost", hosts=["127.0.0.1"])


@pytest.fixture
async def quick(make_edge: Callable[..., Edge], tls: TlsFiles) -> AsyncIterator[Quick]:
    built = Quick(make_edge().app, tls)
    async with served(built.listener):
        yield built
