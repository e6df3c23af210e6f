"""Which requests leave a trace: drawn at their beginning, by us alone.

Guarantees: a request that is not drawn costs next to nothing and still has ids, for the answer, the log, and calls
onward (which then aren't kept either); nothing that a caller sends takes part in the draw.
"""

import random
from collections.abc import Iterable
from contextlib import AbstractContextManager
from contextvars import Token
from typing import Final

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import (
    INVALID_SPAN,
    NonRecordingSpan,
    Span,
    SpanContext,
    TraceFlags,
    Tracer,
    format_trace_id,
    set_span_in_context,
)

from chassis.telemetry import edge_span
from gateway.edge.headers import Header

_NOT_KEPT: Final = TraceFlags(TraceFlags.DEFAULT)
_SPAN_BITS: Final = 64
_TRACE_BITS: Final = 128
_SPAN: Final = next(iter(set_span_in_context(INVALID_SPAN, Context())))  # what OpenTelemetry calls a current span


class Draw:
    """share: of requests whose trace is kept, 0 to 1."""

    def __init__(self, tracer: Tracer, share: float) -> None:
        self._tracer = tracer
        self._share = share

    def begin(self, headers: Iterable[Header]) -> AbstractContextManager[Span]:
        """The request's span, current while inside. A traceparent in its headers is linked where the trace is kept."""
        if random.random() < self._share:  # noqa: S311  # no secret
            return edge_span(self._tracer, "http.request", _traceparent(headers), drawn=True)
        return Unkept()


def _traceparent(headers: Iterable[Header]) -> str | None:
    found = [value for name, value in headers if name == b"traceparent"]
    return found[0].decode("latin-1") if len(found) == 1 else None


def trace_id(span: Span) -> str:
    """32 hex digits."""
    return span.trace_id if isinstance(span, Unkept) else format_trace_id(span.get_span_context().trace_id)


class Unkept(NonRecordingSpan, AbstractContextManager[Span]):
    """A span that nobody keeps: the trace's id, and the rest once it is asked for. Current while inside."""

    _known: SpanContext | None = None

    def __init__(self) -> None:
        self.trace_id = f"{random.getrandbits(_TRACE_BITS) | 1:032x}"  # a name; never 0

    def get_span_context(self) -> SpanContext:
        """For calls onward, which aren't kept either."""
        if self._known is None:
            span_id = random.getrandbits(_SPAN_BITS) | 1
            self._known = SpanContext(int(self.trace_id, 16), span_id, is_remote=False, trace_flags=_NOT_KEPT)
        return self._known

    def __enter__(self) -> Span:
        # Nothing of whoever opened the connection is current in a request.
        self._token: Token[Context] = attach(Context({_SPAN: self}))
        return self

    def __exit__(self, *_: object) -> None:
        detach(self._token)
