"""A small application behind the real layers, called in-process as a server would call it."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.responses import StreamingResponse
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry
from pydantic import BaseModel, ConfigDict
from starlette.types import ASGIApp

from chassis.errors import NotFound, Unauthenticated
from gateway import edge
from gateway.audit import origin
from gateway.audit.event import Event
from gateway.audit.origin import Origin
from gateway.edge import problems
from gateway.edge.limiter import Limiter
from gateway.edge.limits import Limits
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
