"""Calls to Graph as Prometheus sees them: rate, errors and duration, as OpenTelemetry names them for HTTP clients.

Guarantees: labels are the two verbs that are used here and status codes that HTTP knows; no address is among them.
"""

from http import HTTPStatus
from typing import Final

from prometheus_client import CollectorRegistry, Histogram

BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90)  # seconds, up to the longest that a call may take
NO_ANSWER: Final = "none"
_KNOWN: Final = frozenset(status.value for status in HTTPStatus)


class GraphCalls:
    """The histogram of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """registry: of the process."""
        self._durations = Histogram(
            "http_client_request_duration_seconds",
            "Duration of calls to Microsoft Graph, by method and status; none: no whole answer came",
            ["http_request_method", "http_response_status_code"],
            buckets=BUCKETS,
            registry=registry,
        )

    def ended(self, verb: str, status: int | None, seconds: float) -> None:
        """One call is over. status: None when no whole answer came."""
        named = NO_ANSWER if status is None else str(status) if status in _KNOWN else "other"
        self._durations.labels(verb, named).observe(seconds)
