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
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, TraceFlags, Tracer, set_span_in_context

from chassis.telemetry import edge_span
from gateway.edge.headers import Header

_NOT_KEPT: Final = TraceFlags(TraceFlags.DEFAULT)
_SPAN_BITS: Final = 64
_TRACE_BITS: Final = 128


class Draw:
    """share: of requests whose trace is kept, 0 to 1."""

    def __init__(self, tracer: Tracer, share: float) -> None:
        self._tracer = tracer
        self._share = share

    def begin(self, headers: Iterable[Header]) -> AbstractContextManager[Span]:
        """The request's span, current while inside. A traceparent in its headers is linked where the trace is kept."""
        if random.random() < self._share:  # noqa: S311  # no secret
            return edge_span(self._tracer, "http.request", _traceparent(headers), drawn=True)
        return _Unkept()


def _traceparent(headers: Iterable[Header]) -> str | None:
    found = [value for name, value in headers if name == b"traceparent"]
    return found[0].decode("latin-1") if len(found) == 1 else None


class _Unkept(AbstractContextManager[Span]):
    def __enter__(self) -> Span:
        ids = random.getrandbits(_TRACE_BITS + _SPAN_BITS) | 1 << _SPAN_BITS | 1  # names; neither is 0
        context = SpanContext(ids >> _SPAN_BITS, ids & ((1 << _SPAN_BITS) - 1), is_remote=False, trace_flags=_NOT_KEPT)
        span = NonRecordingSpan(context)
        self._token: Token[Context] = attach(set_span_in_context(span, Context()))
        return span

    def __exit__(self, *_: object) -> None:
        detach(self._token)
