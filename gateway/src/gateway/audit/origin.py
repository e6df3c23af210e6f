"""Where what is being done comes from: set once by the edge for a request, read by whoever records an event.

Must never hold an address: `network` is a keyed hash of a /24 or /64 (gateway.edge.origin).
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Final, NamedTuple

from opentelemetry import trace
from opentelemetry.trace import format_trace_id


class Origin(NamedTuple):
    """`service`: edge, work or cli. `network`: 16 bytes, None where there is none. `trace_id`: 32 hex digits."""

    service: str
    network: bytes | None = None
    trace_id: str | None = None


WORK: Final = Origin("work")
_CURRENT: ContextVar[Callable[[], Origin]] = ContextVar("origin", default=lambda: WORK)


def enter(origin: Callable[[], Origin]) -> None:
    """From here on in this task, events come from there. Asked only when one is recorded."""
    _CURRENT.set(origin)


def current() -> Origin:
    """The origin, with the trace that is being recorded where the edge named none."""
    found = _CURRENT.get()()
    context = trace.get_current_span().get_span_context()
    if found.trace_id is None and context.is_valid:
        return found._replace(trace_id=format_trace_id(context.trace_id))
    return found
