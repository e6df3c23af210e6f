"""Traces across services, received by a real collector, with nothing in them that isn't declared."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, Status, StatusCode, TraceState

from chassis import errors, telemetry
from chassis.telemetry import TelemetryRefused

ECHO = "/test.v1.Echo/"
STRANGER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass
class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """An OTLP gRPC receiver that keeps what it was sent."""

    requests: list[trace_service_pb2.ExportTraceServiceRequest] = field(default_factory=list)
    endpoint: str = ""

    def Export(self, request: Any, context: object) -> trace_service_pb2.ExportTraceServiceResponse:  # noqa: N802, ARG002  # OTLP's names
        self.requests.append(request)
        return trace_service_pb2.ExportTraceServiceResponse()

    def spans(self) -> dict[tuple[str, str], Span]:
        """By service and span name and kind."""
        found = {}
        for resource in [resource for request in self.requests for resource in request.resource_spans]:
            (service,) = [each.value.string_value for each in resource.resource.attributes]
            for span in [span for scope in resource.scope_spans for span in scope.spans]:
                found[service, f"{span.name} {Span.SpanKind.Name(span.kind)}"] = span
        return found

    def raw(self) -> bytes:
        return b"".join(request.SerializeToString() for request in self.requests)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with ThreadPoolExecutor(2) as threads:
        server = grpc.server(threads)
        received = Collector()
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(received, server)
        received.endpoint = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        yield received
        server.stop(0).wait()


async def _flush(*providers: TracerProvider) -> None:
    for provider in providers:
        assert await asyncio.to_thread(provider.force_flush, 5000)
        await asyncio.to_thread(provider.shutdown)


async def test_a_trace_crosses_two_services(house: Any, collector: Collector) -> None:
    """One trace: gateway's request, gateway's call, sentinel's answer, each the parent of the next, over mTLS."""
    gateway, sentinel = (telemetry.provider(name, collector.endpoint) for name in ("gateway", "sentinel"))
    tracer = gateway.get_tracer("test")
    async with (
        house.serve(tracer=sentinel.get_tracer("test")) as serving,
        house.channel(serving.port, tracer=tracer) as channel,
    ):
        with telemetry.edge_span(tracer, "POST /api/v1/scans", None):
            assert await channel.unary_unary(f"{ECHO}Unary")(b"x", timeout=5) == b"x"
    await _flush(gateway, sentinel)
    spans = collector.spans()
    edge = spans["gateway", "POST /api/v1/scans SPAN_KIND_SERVER"]
    client = spans["gateway", "test.v1.Echo/Unary SPAN_KIND_CLIENT"]
    server = spans["sentinel", "test.v1.Echo/Unary SPAN_KIND_SERVER"]
    assert edge.trace_id == client.trace_id == server.trace_id
    assert (edge.parent_span_id, client.parent_span_id, server.parent_span_id) == (b"", edge.span_id, client.span_id)
    attributes = {each.key: each.value.string_value for each in server.attributes}
    assert attributes == {
        "rpc.system.name": "grpc",
        "rpc.method": "test.v1.Echo/Unary",
        "rpc.response.status_code": "OK",
    }


async def test_a_failed_call_is_an_error_on_both_sides(house: Any, collector: Collector, canary: str) -> None:
    """Status and code are exported; the exception's words aren't, from either side."""
    gateway, sentinel = (telemetry.provider(name, collector.endpoint) for name in ("gateway", "sentinel"))
    house.echo.raised = ValueError(canary)
    async with (
        house.serve(tracer=sentinel.get_tracer("test")) as serving,
        house.channel(serving.port, tracer=gateway.get_tracer("test")) as channel,
    ):
        with pytest.raises(grpc.aio.AioRpcError):
            await channel.unary_unary(f"{ECHO}Fail")(b"x", timeout=5)
    await _flush(gateway, sentinel)
    spans = list(collector.spans().values())
    assert len(spans) == 2
    for span in spans:
        assert span.status.code == span.status.STATUS_CODE_ERROR
        assert {each.key: each.value.string_value for each in span.attributes}["rpc.response.status_code"] == "INTERNAL"
    assert b"Zebediah" not in collector.raw()


async def test_a_span_can_not_carry_a_subject(collector: Collector, canary: str) -> None:
    """Not as name, attribute, list, event, exception, status, link, tracestate, resource or scope attribute."""
    provider = telemetry.provider("sentinel", collector.endpoint)
    tracer = provider.get_tracer("test", attributes={"subject": canary})
    with tracer.start_as_current_span(canary) as span:
        span.set_attributes({"subject": canary, "rpc.method": canary, "http.route": [canary], "count": canary})
        span.add_event(canary, {"subject": canary})
        span.record_exception(ValueError(canary), {"subject": canary})
        span.set_status(Status(StatusCode.ERROR, canary))
        stated = SpanContext(1, 2, is_remote=True, trace_state=TraceState([("k", canary)]))
        span.add_link(stated, {"subject": canary})
    with tracer.start_as_current_span("scan.finished", attributes={"count": 3, "run_id": "run_a"}):
        pass
    await _flush(provider)
    assert b"Zebediah" not in collector.raw()
    kept = collector.spans()["sentinel", "scan.finished SPAN_KIND_INTERNAL"]
    assert {each.key for each in kept.attributes} == {"count", "run_id"}
    assert ("sentinel", "[refused] SPAN_KIND_INTERNAL") in collector.spans()


def test_tracestate_goes_nowhere(canary: str) -> None:
    """It is free text: gone from a span, its parent and its links, and not sent on to the next service."""
    stated = SpanContext(1, 2, is_remote=True, trace_state=TraceState([("k", canary)]))
    span = ReadableSpan("scan.finished", context=stated, parent=stated, links=[Link(stated, {"subject": canary})])
    bare = telemetry.redacted(span, telemetry.ATTRIBUTES)
    assert bare.context is not None
    assert bare.parent is not None
    kept = [bare.context, bare.parent, *(link.context for link in bare.links)]
    assert [(each.trace_id, each.span_id, dict(each.trace_state)) for each in kept] == [(1, 2, {})] * 3
    assert telemetry.inject(NonRecordingSpan(stated)) == f"00-{1:032x}-{2:016x}-00"


@pytest.mark.parametrize("header", [STRANGER, None, "garbage", "00-" + "0" * 32 + "-b7ad6b7169203331-01"])
async def test_a_stranger_s_trace_is_linked_and_never_adopted(collector: Collector, header: str | None) -> None:
    """At the public edge, each request is a new root; a valid traceparent of the caller's becomes a link."""
    provider = telemetry.provider("gateway", collector.endpoint)
    with telemetry.edge_span(provider.get_tracer("test"), "GET /api/v1/scans", header):
        current = telemetry.trace_id()
    await _flush(provider)
    (span,) = collector.spans().values()
    assert span.trace_id.hex() == current != STRANGER.split("-")[1]
    assert span.parent_span_id == b""
    assert [link.trace_id.hex() for link in span.links] == ([STRANGER.split("-")[1]] if header == STRANGER else [])


async def test_a_stranger_can_not_choose_what_is_sampled() -> None:
    """The flag in a stranger's traceparent doesn't force a trace."""
    provider = telemetry.provider("gateway", sampled=0.0)
    with telemetry.edge_span(provider.get_tracer("test"), "GET /api/v1/scans", STRANGER) as span:
        assert not span.get_span_context().trace_flags.sampled
        assert span.get_span_context().is_valid


async def test_a_parent_s_decision_counts_first(house: Any, collector: Collector) -> None:
    """A trace that the gateway sampled is whole: sentinel follows even when it samples nothing by itself."""
    gateway = telemetry.provider("gateway")
    sentinel = telemetry.provider("sentinel", collector.endpoint, sampled=0.0)
    async with (
        house.serve(tracer=sentinel.get_tracer("test")) as serving,
        house.channel(serving.port, tracer=gateway.get_tracer("test")) as channel,
    ):
        await channel.unary_unary(f"{ECHO}Unary")(b"x", timeout=5)
    await _flush(sentinel)
    assert set(collector.spans()) == {("sentinel", "test.v1.Echo/Unary SPAN_KIND_SERVER")}


async def test_a_refused_caller_s_method_is_no_span_name(house: Any, collector: Collector) -> None:
    """A method outside the table is a stranger's text: "unknown" in the trace."""
    sentinel = telemetry.provider("sentinel", collector.endpoint)
    async with house.serve(tracer=sentinel.get_tracer("test")) as serving, house.channel(serving.port) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/Zebediah/Zebediah")(b"x", timeout=5)
    assert isinstance(errors.from_rpc(caught.value), errors.PermissionDenied)
    await _flush(sentinel)
    assert set(collector.spans()) == {("sentinel", "unknown SPAN_KIND_SERVER")}


async def test_a_collector_that_is_down_costs_a_call_nothing(house: Any) -> None:
    """Spans are dropped; requests go on, and stopping waits no longer than the export limit."""
    provider = telemetry.provider("gateway", "http://127.0.0.1:9")
    async with house.serve() as serving, house.channel(serving.port, tracer=provider.get_tracer("test")) as channel:
        assert await channel.unary_unary(f"{ECHO}Unary")(b"x", timeout=1) == b"x"
    async with asyncio.timeout(2 * telemetry.EXPORT_SECONDS + 3):
        await asyncio.to_thread(provider.shutdown)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://collector:4317",
        "http://10.0.0.1:4317",
        "http://127.0.0.1.example:4317",
        "ftp://x:1",
        "x:1",
        "https:///v1",
    ],
)
def test_spans_leave_this_machine_over_tls_or_not_at_all(endpoint: str) -> None:
    """Clear text is for loopback; anything else that isn't https is refused at start."""
    with pytest.raises(TelemetryRefused):
        telemetry.provider("gateway", endpoint)


async def test_spans_go_to_a_tls_collector_whose_authority_is_configured(house: Any) -> None:
    """With https, TLS is spoken, and the given authority counts."""
    received = Collector()
    with ThreadPoolExecutor(2) as threads:
        server = grpc.server(threads)
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(received, server)
        pair = (house.sentinel.key.read_bytes(), house.sentinel.certificate.read_bytes())
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
        server.start()
        provider = telemetry.provider("gateway", f"https://localhost:{port}", authority=house.sentinel.authority)
        with provider.get_tracer("test").start_as_current_span("scan.finished"):
            pass
        await _flush(provider)
        server.stop(0).wait()
    assert set(received.spans()) == {("gateway", "scan.finished SPAN_KIND_INTERNAL")}


def test_a_missing_authority_of_the_collector_is_refused(tmp_path: Path) -> None:
    """A path that can't be read is a start refused, not a crash."""
    with pytest.raises(TelemetryRefused):
        telemetry.provider("gateway", "https://localhost:1", authority=tmp_path / "none.pem")
