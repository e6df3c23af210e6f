"""What the edge counts about connections and load, for Prometheus. Closed labels; nothing about a client.

Guarantees: every refusal that costs us nothing to make, and leaves no log line, is counted.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge

from gateway.edge.crowd import Refusal


class EdgeCounts:
    """The counters of one listener. registry: None for counters that nobody reads."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.connections = Gauge("edge_connections", "Open connections, handshakes included", registry=registry)
        refused = Counter(
            "edge_connections_refused", "Connections closed on arrival, by reason", ["reason"], registry=registry
        )
        self._refused = {reason: refused.labels(reason.value) for reason in Refusal}
        self.failed_handshakes = Counter("edge_handshakes_failed", "TLS handshakes that failed", registry=registry)
        shed = Counter(
            "edge_requests_shed", "Requests answered 503 at the door, by signal", ["signal"], registry=registry
        )
        self._shed = {signal: shed.labels(signal) for signal in ("requests", "lag")}
        self.lag = Gauge("edge_loop_lag_seconds", "How late the event loop is, at best, just now", registry=registry)

    def refused(self, reason: Refusal) -> None:
        """A connection was closed on arrival."""
        self._refused[reason].inc()

    def shed(self, signal: str) -> None:
        """A request was answered 503. signal: "requests" or "lag"."""
        self._shed[signal].inc()
