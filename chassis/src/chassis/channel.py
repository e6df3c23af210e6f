"""The gRPC client of every service: mTLS, TLS 1.3 alone, deadlines, trace context, new certificates without a restart.

Guarantees: a call without a timeout isn't sent; when the certificate files change, new calls use a new connection and
the calls under way finish on the old one; nothing is retried, because only the caller knows what may be done twice;
a server that is not who it should be is counted and leaves a line in the log, without a word of what TLS said.
Must never: follow a proxy variable, or send a stranger's metadata on.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

import grpc
from opentelemetry import trace
from opentelemetry.trace import Span, StatusCode, Tracer

from chassis import logs, telemetry
from chassis.sparing import Sparing
from chassis.tls import TlsFiles, TlsMaterial, TlsWatch

MAX_MESSAGE = 8 * 1024 * 1024  # bytes; as chassis.server.Limits
LOOK_SECONDS = 1.0  # between two looks at the certificate files
KEEPALIVE_MS = 30_000  # a dead peer is noticed within 40 s even without calls
KEEPALIVE_TIMEOUT_MS = 10_000
RECONNECT_MS = 200  # first wait after a failed connection
DISTRUST = ("Tls handshake failed", "verification check failed")  # what C-core says of a server's certificate or name
MAX_RECONNECT_MS = 5_000  # a service that comes back is used again within this


class DeadlineMissing(ValueError):
    """A call without a timeout: a mistake in the calling code."""


def open_channel(  # noqa: PLR0913  # whom to call, as whom, and by keyword who is told
    target: str,
    tls: TlsFiles,
    server_name: str,
    *,
    max_message: int = MAX_MESSAGE,
    tracer: Tracer | None = None,
    distrusted: Callable[[], object] = lambda: None,
) -> grpc.aio.Channel:
    """A channel for generated stubs, which may live as long as the process. Call it inside of the event loop.

    target: "host:port" or "dns:///name:port"; several addresses are taken in turn. server_name: the DNS SAN that the
    server must have. distrusted: called for each call that failed because the server did not prove that. Raises
    StartRefused if the files can't be used; connects at the first call.
    """
    options = _options(server_name, max_message)
    return _RotatingChannel(target, tls, options, tracer or trace.get_tracer("chassis.channel"), distrusted)


def _options(server_name: str, max_message: int) -> list[tuple[str, int | str]]:
    return [
        ("grpc.ssl_target_name_override", server_name),
        ("grpc.default_authority", server_name),
        ("grpc.max_receive_message_length", max_message),
        ("grpc.max_send_message_length", max_message),
        ("grpc.enable_retries", 0),
        ("grpc.enable_http_proxy", 0),
        ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
        ("grpc.service_config_disable_resolution", 1),  # DNS must not configure us
        ("grpc.keepalive_time_ms", KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.initial_reconnect_backoff_ms", RECONNECT_MS),
        ("grpc.max_reconnect_backoff_ms", MAX_RECONNECT_MS),
    ]


class _Generation:
    """One set of certificates and its connection. Closed when it is retired and its last call has ended."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel
        self._calls = 0
        self._retired = False
        self._closing: asyncio.Task[None] | None = None

    @property
    def closed(self) -> bool:
        return self._closing is not None and self._closing.done()

    def began(self) -> None:
        self._calls += 1

    def ended(self, _call: object) -> None:
        self._calls -= 1
        self._close_if_idle()

    def retire(self) -> None:
        self._retired = True
        self._close_if_idle()

    async def close(self, grace: float | None) -> None:
        await (self._closing or self.channel.close(grace))

    def _close_if_idle(self) -> None:
        if self._retired and self._calls == 0 and self._closing is None:
            self._closing = asyncio.ensure_future(self.channel.close())


class _RotatingChannel(grpc.aio.Channel):
    """A channel whose stubs survive a change of certificates."""

    def __init__(
        self,
        target: str,
        tls: TlsFiles,
        options: list[tuple[str, int | str]],
        tracer: Tracer,
        distrusted: Callable[[], object],
    ) -> None:
        self._distrusted = distrusted
        self._line = Sparing(logs.get("chassis.channel"), "peer.distrusted")
        self._target = target
        self._watch = TlsWatch(tls)
        self._options = options
        self.tracer = tracer
        self._look_at = time.monotonic() + LOOK_SECONDS
        self._generation = self._open(self._watch.material)
        self._retired: list[_Generation] = []
        self._ending: set[asyncio.Task[None]] = set()

    def _open(self, material: TlsMaterial) -> _Generation:
        credentials = grpc.ssl_channel_credentials(material.authority, material.key, material.certificate)
        return _Generation(grpc.aio.secure_channel(self._target, credentials, options=self._options))

    def current(self) -> _Generation:
        """The newest generation, after a look at the files if one is due."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            self._rotate(self._watch.changed())
        return self._generation

    def _rotate(self, material: TlsMaterial | None) -> None:
        if material is None:
            return
        self._generation.retire()
        self._retired = [old for old in (*self._retired, self._generation) if not old.closed]
        self._generation = self._open(material)

    def distrust(self) -> None:
        """A call failed because the server did not prove who it is."""
        self._distrusted()
        self._line.say()

    def keep(self, ending: Awaitable[None]) -> None:
        """Holds on to the end of a call until it is written down."""
        task = asyncio.ensure_future(ending)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def unary_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return _Method(self, method, lambda channel: channel.unary_unary(method, *args, **kwargs))

    def unary_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return _Method(self, method, lambda channel: channel.unary_stream(method, *args, **kwargs))

    def stream_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return _Method(self, method, lambda channel: channel.stream_unary(method, *args, **kwargs))

    def stream_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return _Method(self, method, lambda channel: channel.stream_stream(method, *args, **kwargs))

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:  # noqa: FBT001, FBT002  # gRPC's signature
        return self.current().channel.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self.current().channel.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self.current().channel.channel_ready()

    async def close(self, grace: float | None = None) -> None:
        await asyncio.gather(*(each.close(grace) for each in (self._generation, *self._retired)))
        await asyncio.gather(*self._ending)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace_back: TracebackType | None,
    ) -> None:
        await self.close()


class _Method:
    """One method of a stub: asks the channel for its newest connection at each call."""

    def __init__(self, owner: _RotatingChannel, name: str, make: Callable[[grpc.aio.Channel], Any]) -> None:
        self._owner = owner
        self._name = name
        self._make = make
        self._made: tuple[_Generation, Any] | None = None

    def __call__(
        self, request: Any = None, *, timeout: float | None = None, metadata: Any = None, **options: Any
    ) -> Any:
        if timeout is None or not timeout > 0:
            raise DeadlineMissing(f"{self._name} was called without a timeout. Give it one, in seconds.")
        generation, call_it = self._current()
        span = telemetry.client_span(self._owner.tracer, self._name)
        call = call_it(request, timeout=timeout, metadata=_with_trace(metadata, span), **options)
        generation.began()
        call.add_done_callback(generation.ended)
        call.add_done_callback(lambda done: self._owner.keep(_end(done, span, self._owner)))
        return call

    def _current(self) -> tuple[_Generation, Any]:
        generation = self._owner.current()
        if self._made is None or self._made[0] is not generation:
            self._made = (generation, self._make(generation.channel))
        return self._made


def _with_trace(metadata: Any, span: Span) -> tuple[tuple[str, str | bytes], ...]:
    traceparent = telemetry.inject(span)
    given = tuple(metadata or ())
    return given if traceparent is None else (*given, ("traceparent", traceparent))


async def _end(call: grpc.aio.Call, span: Span, owner: _RotatingChannel) -> None:
    code = await call.code()
    told = await call.details() or ""
    if code is grpc.StatusCode.UNAVAILABLE and any(said in told for said in DISTRUST):
        owner.distrust()
    span.set_attribute("rpc.response.status_code", code.name)
    if code is not grpc.StatusCode.OK:
        span.set_status(StatusCode.ERROR)
    span.end()
