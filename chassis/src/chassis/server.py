"""The gRPC server of every service: mTLS, TLS 1.3 alone, a caller table, deadlines, typed errors, true health, drain.

Guarantees, in the order in which a call meets them:
(1) the trace of the calling service is continued;
(2) the caller's certificate name stands in the table for this method, and TLS 1.3 carried it; otherwise
    PERMISSION_DENIED, before a byte of the request is parsed;
(3) the call has a deadline, not longer than the limit; otherwise INVALID_ARGUMENT;
(4) an error of the family reaches the caller as it is; any other becomes INTERNAL and one fixed sentence.
Must never: listen without client certificates, offer reflection, or tell a caller str(exception).
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import grpc
from grpc_health.v1 import health_pb2_grpc
from opentelemetry import trace
from opentelemetry.trace import Span, StatusCode, Tracer

from chassis import errors, logs, telemetry
from chassis.callers import Callers
from chassis.health import Check, Health
from chassis.metrics import Metrics
from chassis.tls import TlsFiles, TlsMaterial, TlsRefused, TlsWatch, prove_tls13_only

Registrar = Callable[[grpc.aio.Server], None]
Context = grpc.aio.ServicerContext[Any, Any]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"  # generic for the type checker only
Found: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"
Behaviour = Callable[[Any, Context], Any]  # a servicer's method, of any of the four kinds
DEADLINE_SLACK = 1.0  # seconds; grpc-timeout is rounded up on its way
_log = logs.get("chassis.server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one server takes on."""

    message_bytes: int = 8 * 1024 * 1024  # a profile of 1 MB, columns of 512 messages, and room
    metadata_bytes: int = 8 * 1024  # gRPC's own soft default
    deadline_seconds: float = 60.0  # a batch takes milliseconds; an AI provider tens of seconds
    calls: int = 256  # at once; further ones are RESOURCE_EXHAUSTED
    drain_seconds: float = 20.0  # orchestrators kill after 30
    connection_seconds: float = 600.0  # then clients connect anew, and balance anew


class Serving:
    """A server that runs. port: the bound one."""

    def __init__(self, port: int, health: Health) -> None:
        """Made by serve()."""
        self.port = port
        self.health = health

    def drain(self) -> None:
        """Health says NOT_SERVING from now on; calls are still answered until serve() is left."""
        self.health.drain()


@asynccontextmanager
async def serve(  # noqa: PLR0913  # all by name; each is one decision of main
    *,
    address: str,
    tls: TlsFiles,
    callers: Callers,
    services: Sequence[Registrar],
    health: Mapping[str, Check],
    limits: Limits | None = None,
    tracer: Tracer | None = None,
    metrics: Metrics | None = None,
) -> AsyncIterator[Serving]:
    """Serves while inside; on leaving, health says NOT_SERVING and accepted calls get drain_seconds to finish.

    address: "host:port", port 0 for any. services: functions that add a servicer to the server they are given; servicer
    methods are async. Raises StartRefused for certificates and addresses that can't be used.
    """
    limits = limits or Limits()
    state = Health(health)
    gate = Gate(callers, limits, tracer or trace.get_tracer("chassis.server"), metrics)
    server = grpc.aio.server(interceptors=[gate], options=_options(limits), maximum_concurrent_rpcs=limits.calls)
    registrars: list[Registrar] = [*services, partial(health_pb2_grpc.add_HealthServicer_to_server, state)]
    for register in registrars:
        register(server)
    port = _bind(server, address, _credentials(TlsWatch(tls)))
    await server.start()
    try:
        await prove_tls13_only(_reachable(address), port, tls)
        _log.info("server.started", port=port)
        yield Serving(port, state)
    finally:
        state.drain()
        await server.stop(limits.drain_seconds)
        _log.info("server.stopped", port=port)


class Gate(grpc.aio.ServerInterceptor):
    """The four steps, around every handler of every kind."""

    def __init__(self, callers: Callers, limits: Limits, tracer: Tracer, metrics: Metrics | None) -> None:
        """Made by serve()."""
        self._callers = callers
        self._limits = limits
        self._tracer = tracer
        self._metrics = metrics

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Found]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Found:
        """The handler with the gate around it; for a method outside the table, a handler that only refuses."""
        method = handler_call_details.method
        if method not in self._callers.methods:
            return grpc.stream_stream_rpc_method_handler(self._refusing(method))
        handler = await continuation(handler_call_details)
        return None if handler is None else self._guarded(method, handler)

    def _refusing(self, method: str) -> Callable[[Any, Context], Awaitable[None]]:
        async def refuse(_requests: object, context: Context) -> None:
            async with self._call(method, context):
                raise errors.PermissionDenied

        return refuse

    def _guarded(self, method: str, handler: Handler) -> Handler:
        """Parses and serializes inside of the gate, so that a refused caller's bytes aren't parsed.

        A failure of either, whose words may hold what was in the message, gets its name there too.
        """
        if handler.response_streaming:
            return self._guarded_stream(method, handler, _behaviour(handler))
        return self._guarded_single(method, handler, _behaviour(handler))

    def _guarded_single(self, method: str, handler: Handler, behaviour: Behaviour) -> Handler:
        parse, write = handler.request_deserializer or _as_is, handler.response_serializer or _as_is

        async def unary(request: Any, context: Context) -> Any:
            async with self._call(method, context):
                return write(await behaviour(_parsed(parse, request), context))

        async def streamed(requests: Any, context: Context) -> Any:
            async with self._call(method, context):
                return write(await behaviour(requests, context))

        if handler.request_streaming:
            return grpc.stream_unary_rpc_method_handler(streamed, handler.request_deserializer)
        return grpc.unary_unary_rpc_method_handler(unary)

    def _guarded_stream(self, method: str, handler: Handler, behaviour: Behaviour) -> Handler:
        """For async generators, and for coroutines that use context.write()."""
        parse, write = handler.request_deserializer or _as_is, handler.response_serializer

        async def unary(request: Any, context: Context) -> None:
            async with self._call(method, context):
                await _answer(behaviour(_parsed(parse, request), context), context)

        async def streamed(requests: Any, context: Context) -> None:
            async with self._call(method, context):
                await _answer(behaviour(requests, context), context)

        if handler.request_streaming:
            return grpc.stream_stream_rpc_method_handler(streamed, handler.request_deserializer, write)
        return grpc.unary_stream_rpc_method_handler(unary, None, write)

    @asynccontextmanager
    async def _call(self, method: str, context: Context) -> AsyncIterator[None]:
        label, started = self._callers.label(method), time.perf_counter()
        with telemetry.server_span(self._tracer, label, _traceparent(context)) as span:  # (1)
            code = grpc.StatusCode.CANCELLED  # unless one of the ends below is reached
            try:
                self._admit(method, context)
                yield
                code = context.code() or grpc.StatusCode.OK
            except grpc.aio.AbortError:
                code = context.code()
                raise
            except Exception as error:  # noqa: BLE001  # (4): this is where every error gets its name
                code = errors.named(error).status
                _report(error, label, context)
                await _abort(errors.named(error), context)
            finally:
                self._account(label, code, time.perf_counter() - started, span)

    def _admit(self, method: str, context: Context) -> None:
        identity = context.auth_context()
        if list(identity.get("ssl_tls_version", ())) != [b"TLSv1.3"]:  # (2)
            raise errors.PermissionDenied
        if not self._callers.allow(method, _names(identity)):  # (2)
            raise errors.PermissionDenied
        remaining: float | None = context.time_remaining()
        if remaining is None or remaining > self._limits.deadline_seconds + DEADLINE_SLACK:  # (3)
            raise errors.InvalidArgument(
                "The call has no deadline, or one that is too far away. Set a shorter timeout."
            )

    def _account(self, label: str, code: grpc.StatusCode, seconds: float, span: Span) -> None:
        span.set_attribute("rpc.response.status_code", code.name)
        if code is not grpc.StatusCode.OK:
            span.set_status(StatusCode.ERROR)
        if self._metrics is not None:
            self._metrics.called(label, code.name, seconds)


def _behaviour(handler: Handler) -> Behaviour:
    """The one function that a handler has."""
    kinds: tuple[Any, ...] = (handler.unary_unary, handler.unary_stream, handler.stream_unary, handler.stream_stream)
    found: Behaviour = next(kind for kind in kinds if kind is not None)
    return found


def _as_is(value: Any) -> Any:
    return value


def _parsed(parse: Callable[[bytes], Any], request: bytes) -> Any:
    try:
        return parse(request)
    except Exception:  # noqa: BLE001  # whatever the parser raises, the bytes weren't a request; its words may hold them
        raise errors.InvalidArgument("The request is not the message that this method takes.") from None


async def _answer(responses: Any, context: Context) -> None:
    if not hasattr(responses, "__aiter__"):
        await responses
        return
    async for response in responses:
        await context.write(response)


def _names(identity: Mapping[str, Iterable[bytes]]) -> frozenset[str]:
    """DNS SANs of the certificate that TLS verified; not its other SANs, which share one property with them."""
    return frozenset(name.decode("ascii", "replace") for name in identity.get("peer_dns", ()))


def _traceparent(context: Context) -> str | None:
    for name, value in context.invocation_metadata() or ():
        if name == "traceparent" and isinstance(value, str):
            return value
    return None


def _report(error: Exception, label: str, context: Context) -> None:
    """One line for each refusal and each fault."""
    if not isinstance(error, errors.ServiceError):
        _log.error("rpc.failed", method=label, exc_info=error)
        return
    caller = next(iter(sorted(_names(context.auth_context()))), None)
    _log.warning("rpc.refused", method=label, code=error.code, caller=caller)


async def _abort(error: errors.ServiceError, context: Context) -> None:
    status = errors.to_status(error)
    await context.abort(status.code, status.details, status.trailing_metadata)


def _credentials(watch: TlsWatch) -> grpc.ServerCredentials:
    """Client certificates are required. The files are looked at for each handshake."""

    def fetch() -> grpc.ServerCertificateConfiguration | None:
        changed = watch.changed()
        return None if changed is None else _configuration(changed)

    first = _configuration(watch.material)
    return grpc.dynamic_ssl_server_credentials(first, fetch, require_client_authentication=True)  # type: ignore[arg-type]  # None is its documented "nothing new"


def _configuration(material: TlsMaterial) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(material.key, material.certificate)], material.authority)


def _options(limits: Limits) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", limits.message_bytes),
        ("grpc.max_send_message_length", limits.message_bytes),
        ("grpc.max_metadata_size", limits.metadata_bytes),
        ("grpc.absolute_max_metadata_size", limits.metadata_bytes),
        ("grpc.max_concurrent_streams", limits.calls),
        ("grpc.so_reuseport", 0),  # two processes on one port is a mistake, not a feature
        ("grpc.http2.min_ping_interval_without_data_ms", 20_000),  # below the clients' keepalive
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.max_connection_age_ms", round(limits.connection_seconds * 1000)),
        ("grpc.max_connection_age_grace_ms", round(limits.deadline_seconds * 1000)),
    ]


def _bind(server: grpc.aio.Server, address: str, credentials: grpc.ServerCredentials) -> int:
    try:
        port = server.add_secure_port(address, credentials)
    except RuntimeError:
        port = 0
    if port == 0:
        raise TlsRefused("The listening address cannot be bound. Is it host:port, and is the port free?")
    return port


def _reachable(address: str) -> str:
    """Where this machine finds its own listener."""
    host = address.rpartition(":")[0].strip("[]")
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound
