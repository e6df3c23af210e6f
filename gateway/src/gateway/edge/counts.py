"""What the edge counts about connections and load, for Prometheus. Closed labels; nothing about a client.

Guarantees: every refusal that costs us nothing to make is counted by its reason; what an attack would look like - a
request that leaves a doubt, a handshake that fails - leaves a line in the log too, a few a minute (chassis.sparing).
"""

from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from chassis import logs
from chassis.sparing import Sparing
from gateway.edge.crowd import Refusal

_log: Final = logs.get("gateway.edge")


class Malformed(StrEnum):
    """Why a connection is ended by what was sent on it."""

    UNPARSABLE = "unparsable"
    AMBIGUOUS = "ambiguous"
    PIPELINED = "pipelined"
    TRAILER = "trailer"
    TOO_LARGE = "too_large"
    UNKNOWN_METHOD = "unknown_method"


class EdgeCounts:
    """The counters of one listener. registry: None for counters that nobody reads."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.connections = Gauge("edge_connections", "Open connections, handshakes included", registry=registry)
        refused = Counter(
            "edge_connections_refused", "Connections closed on arrival, by reason", ["reason"], registry=registry
        )
        self._refused = {reason: refused.labels(reason.value) for reason in Refusal}
        self._handshakes = Counter("edge_handshakes_failed", "TLS handshakes that failed", registry=registry)
        malformed = Counter(
            "edge_requests_malformed", "Requests that ended their connection, by reason", ["reason"], registry=registry
        )
        self._malformed = {reason: malformed.labels(reason.value) for reason in Malformed}
        self._malformed_line = Sparing(_log, "request.malformed")
        self._handshake_line = Sparing(_log, "handshake.failed")
        shed = Counter(
            "edge_requests_shed", "Requests answered 503 at the door, by signal", ["signal"], registry=registry
        )
        self._shed = {signal: shed.labels(signal) for signal in ("requests", "lag")}
        self.lag = Gauge("edge_loop_lag_seconds", "How late the event loop is, at best, just now", registry=registry)

    def refused(self, reason: Refusal) -> None:
        """A connection was closed on arrival."""
        self._refused[reason].inc()

    def malformed(self, reason: Malformed) -> None:
        """A request was refused before it was one."""
        self._malformed[reason].inc()
        self._malformed_line.say(reason=reason.value)

    def handshake_failed(self) -> None:
        """A client did not get through TLS."""
        self._handshakes.inc()
        self._handshake_line.say()

    def shed(self, signal: str) -> None:
        """A request was answered 503. signal: "requests" or "lag"."""
        self._shed[signal].inc()
