"""Traces that cross services and carry no mail.

Guarantees: only declared attributes of a closed kind are exported, and neither events, status texts, tracestate nor
attributes of links and scopes; exporting goes over TLS unless the collector is on this machine; with no endpoint
nothing leaves.
A collector that is down costs no request anything: spans wait in a bounded queue and are then dropped.
Must never: adopt the trace of a stranger. Services of ours continue each other's; the public edge uses edge_span().
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
from opentelemetry import trace
from opentelemetry.context import Context, create_key, get_value, set_value
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, Status, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from chassis.errors import StartRefused
from chassis.vocabulary import REFUSED, Kind, admit

# Attributes that may leave. Names of OpenTelemetry's semantic conventions where there is one.
ATTRIBUTES: Mapping[str, Kind] = {
    "error.type": Kind.TOKEN,
    "http.request.method": Kind.CODE,
    "http.response.status_code": Kind.NUMBER,
    "http.route": Kind.ROUTE,
    "rpc.method": Kind.METHOD,
    "rpc.response.status_code": Kind.CODE,
    "rpc.system.name": Kind.TOKEN,
    "run_id": Kind.ID,
    "mailbox_id": Kind.ID,
    "count": Kind.NUMBER,
}
MAX_QUEUE = 2048  # spans that wait for the collector, about 2 MB; further ones are dropped
EXPORT_SECONDS = 2.0  # for one batch, and the most that a stopping process waits for the collector
_DRAWN = create_key("mail-organiser-drawn")
_PROPAGATOR = TraceContextTextMapPropagator()


class TelemetryRefused(StartRefused):
    """An OTLP endpoint that would carry traces in clear text off this machine, or isn't one."""


def configure(
    service: str,
    endpoint: str | None = None,
    *,
    authority: Path | None = None,
    sampled: float = 1.0,
    attributes: Mapping[str, Kind] | None = None,
) -> TracerProvider:
    """Makes the provider of this process and sets it as the global one. Call shutdown() on it at the end.

    endpoint: http(s)://host:port of an OTLP gRPC collector; http only for this machine. authority: PEM bundle for
    https, the system's if None. sampled: share of new traces, 0 to 1; a parent's decision counts first.
    """
    made = provider(service, endpoint, authority=authority, sampled=sampled, attributes=attributes)
    trace.set_tracer_provider(made)
    return made


def provider(
    service: str,
    endpoint: str | None = None,
    *,
    authority: Path | None = None,
    sampled: float = 1.0,
    attributes: Mapping[str, Kind] | None = None,
) -> TracerProvider:
    """As configure(), without making it global."""
    made = TracerProvider(
        sampler=ParentBased(_Roots(sampled)),
        resource=Resource({"service.name": service}),
        shutdown_on_exit=False,
    )
    if endpoint is not None:
        exporter = Redacting(_exporter(endpoint, authority), {**(attributes or {}), **ATTRIBUTES})
        made.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=MAX_QUEUE))
    return made


def trace_id() -> str:
    """The current trace in 32 hex digits, all zero outside of any."""
    return f"{trace.get_current_span().get_span_context().trace_id:032x}"


def inject(span: Span) -> str | None:
    """The W3C traceparent of a span, for gRPC metadata; nothing else of it crosses."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, trace.set_span_in_context(span, Context()))
    return carrier.get("traceparent")


def extract(traceparent: str | None) -> Context:
    """The context that a traceparent names; an empty one if it is absent or malformed."""
    carrier = {} if traceparent is None else {"traceparent": traceparent}
    return _PROPAGATOR.extract(carrier, Context())


@contextmanager
def server_span(tracer: Tracer, method: str, traceparent: str | None) -> Iterator[Span]:
    """The server side of a call from a service of ours: continues its trace. method: from the table, "/pkg.S/M"."""
    with _started(tracer, method.lstrip("/"), extract(traceparent)) as span:
        span.set_attributes(rpc(method))
        yield span


class _Roots(Sampler):
    """Keeps a share of new traces, and every one that was drawn by whoever began it."""

    def __init__(self, share: float) -> None:
        self._share = TraceIdRatioBased(share)

    def should_sample(self, parent_context: Context | None, *arguments: Any, **named: Any) -> SamplingResult:
        drawn = parent_context is not None and get_value(_DRAWN, parent_context)
        return (ALWAYS_ON if drawn else self._share).should_sample(parent_context, *arguments, **named)

    def get_description(self) -> str:
        return f"Roots({self._share.get_description()})"


@contextmanager
def edge_span(tracer: Tracer, name: str, traceparent: str | None, *, drawn: bool = False) -> Iterator[Span]:
    """A request of the public: a new root. The stranger's trace, if named, becomes a link and nothing more.

    drawn: the caller has decided that it is kept; otherwise the tracer's provider decides.
    """
    stranger = trace.get_current_span(extract(traceparent)).get_span_context()
    links = [Link(_bare(stranger))] if stranger.is_valid else []
    with _started(tracer, name, set_value(_DRAWN, drawn, Context()), links) as span:
        yield span


def client_span(tracer: Tracer, method: str) -> Span:
    """The client side of a call, a child of the current span. Whoever starts it ends it."""
    return tracer.start_span(method.lstrip("/"), kind=SpanKind.CLIENT, attributes=rpc(method))


def rpc(method: str) -> dict[str, AttributeValue]:
    """Attributes of a gRPC span."""
    return {"rpc.system.name": "grpc", "rpc.method": method.lstrip("/")}


def _started(
    tracer: Tracer,
    name: str,
    context: Context,
    links: Sequence[Link] = (),
) -> AbstractContextManager[Span]:
    """Without the SDK's habit of writing str(exception) into the span."""
    return tracer.start_as_current_span(
        name,
        context=context,
        kind=SpanKind.SERVER,
        links=links,
        record_exception=False,
        set_status_on_exception=False,
    )


class Redacting(SpanExporter):
    """Lets through what is declared, in front of any exporter."""

    def __init__(self, inner: SpanExporter, attributes: Mapping[str, Kind]) -> None:
        """attributes: name to kind; all others are dropped."""
        self._inner = inner
        self._attributes = attributes

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Exports copies."""
        return self._inner.export([redacted(span, self._attributes) for span in spans])

    def shutdown(self) -> None:
        """Passes it on."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Passes it on."""
        return self._inner.force_flush(timeout_millis)


def redacted(span: ReadableSpan, attributes: Mapping[str, Kind]) -> ReadableSpan:
    """A copy with a closed name and the declared attributes that match their kind. Pure."""
    return ReadableSpan(
        name=str(admit(Kind.SPAN, span.name)),
        context=_bare(span.context) if span.context else None,
        parent=_bare(span.parent) if span.parent else None,
        resource=Resource({"service.name": admit(Kind.NAME, span.resource.attributes.get("service.name"))}),
        attributes=_admitted(span.attributes or {}, attributes),
        links=[Link(_bare(link.context)) for link in span.links],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=_named(span.instrumentation_scope),
    )


def _named(scope: InstrumentationScope | None) -> InstrumentationScope | None:
    return None if scope is None else InstrumentationScope(str(admit(Kind.LOGGER, scope.name)))


def _admitted(given: Mapping[str, AttributeValue], kinds: Mapping[str, Kind]) -> dict[str, AttributeValue]:
    admitted = {name: admit(kinds[name], value) for name, value in given.items() if name in kinds}
    return {name: value for name, value in admitted.items() if value is not None and value != REFUSED}


def _bare(context: SpanContext) -> SpanContext:
    """Without tracestate, which is free text."""
    return SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags)


def _exporter(endpoint: str, authority: Path | None) -> OTLPSpanExporter:
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
        raise TelemetryRefused("The OTLP endpoint is not http(s)://host:port of a gRPC collector. Correct it.")
    if parts.scheme == "http":
        return _loopback_exporter(parts.hostname, parts.netloc)
    credentials = grpc.ssl_channel_credentials(None if authority is None else _roots(authority))
    return OTLPSpanExporter(endpoint=parts.netloc, insecure=False, credentials=credentials, timeout=EXPORT_SECONDS)


def _roots(authority: Path) -> bytes:
    try:
        return authority.read_bytes()
    except OSError:
        raise TelemetryRefused(
            "The collector's authority file cannot be read. Create it, or correct the path."
        ) from None


def _loopback_exporter(host: str, netloc: str) -> OTLPSpanExporter:
    if not is_loopback(host):
        raise TelemetryRefused("The OTLP endpoint is http and not on this machine. Use https.")
    return OTLPSpanExporter(endpoint=netloc, insecure=True, timeout=EXPORT_SECONDS)


def is_loopback(host: str) -> bool:
    """Whether a host can only be this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
