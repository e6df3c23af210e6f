"""Which requests leave a trace is drawn by us, and those that don't still have a name."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import get_current_span

from chassis import telemetry
from gateway.edge.draw import Draw

STRANGER = [(b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]


@pytest.fixture
def provider() -> TracerProvider:
    """One that keeps nothing by itself: what is kept was drawn."""
    return telemetry.provider("gateway", sampled=0.0)


@pytest.fixture
def kept(provider: TracerProvider) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


def test_the_share_is_what_is_kept(provider: TracerProvider, kept: InMemorySpanExporter) -> None:
    """Of a thousand requests about so many; of none none, of all all."""
    for share, least, most in ((0.0, 0, 0), (0.2, 120, 290), (1.0, 1000, 1000)):
        draw = Draw(provider.get_tracer("t"), share)
        for _ in range(1000):
            with draw.begin(STRANGER):
                pass
        assert least <= len(kept.get_finished_spans()) <= most
        kept.clear()


def test_what_is_not_kept_hands_on_that_it_is_not() -> None:
    """Calls onward belong to the same trace, and are not kept by the next service either."""
    tracer = telemetry.provider("gateway", sampled=1.0).get_tracer("t")
    with Draw(tracer, 0.0).begin([]) as span:
        context = span.get_span_context()
        assert context.is_valid
        assert get_current_span() is span
        onward = telemetry.client_span(tracer, "/mail_organiser.sentinel.v1.SentinelService/Inspect")
        assert onward.get_span_context().trace_id == context.trace_id
        assert (telemetry.inject(onward) or "").endswith("-00")
    assert not get_current_span().get_span_context().is_valid


def test_a_caller_takes_no_part_in_the_draw(provider: TracerProvider, kept: InMemorySpanExporter) -> None:
    """A traceparent that says "sampled" is linked where we keep the trace, and nothing where we don't."""
    for share in (0.0, 1.0):
        with Draw(provider.get_tracer("t"), share).begin(STRANGER) as span:
            assert f"{span.get_span_context().trace_id:032x}" not in STRANGER[0][1].decode()
    (only,) = kept.get_finished_spans()
    assert only.parent is None
    assert [f"{link.context.trace_id:032x}" for link in only.links] == ["0af7651916cd43dd8448eb211c80319c"]


async def test_every_answer_has_an_id_of_its_own(make_edge: Callable[..., Any]) -> None:
    """Also where nothing is kept; and an error's problem has the same."""
    front = make_edge(traced=0.0)
    answers = [await front.get(path) for path in ("/api/v1/things/1", "/api/v1/things/1", "/api/v1/absent")]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)
    assert answers[2].json()["trace_id"] == ids[2]
    assert not front.spans.get_finished_spans()
