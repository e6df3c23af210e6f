"""What a process counts, for Prometheus. How it gets there: chassis.exposition.

Guarantees: labels come from closed sets (methods of the caller table, gRPC status names), so neither a person nor a
stranger can add a series; nothing is registered globally.
Must never: carry a user, a mailbox, an address or a message in a label.
"""

from prometheus_client import CollectorRegistry, GCCollector, Histogram, PlatformCollector, ProcessCollector

# Seconds. From a batch of columns (ms) up to the longest deadline; bounds of OpenTelemetry's rpc.server.call.duration.
DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60)


class Metrics:
    """The registry of a process. Services add theirs: Counter("scans", "Scans finished", registry=metrics.registry)."""

    def __init__(self) -> None:
        """Process, interpreter and gRPC server metrics are there from the start."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._calls = Histogram(
            "rpc_server_call_duration_seconds",
            "Duration of gRPC calls that this server answered, by method and status (rate, errors, duration)",
            ["rpc_method", "rpc_response_status_code"],
            buckets=DURATION_BUCKETS,
            registry=self.registry,
        )

    def called(self, method: str, code: str, seconds: float) -> None:
        """One call answered. method: Callers.label(); code: name of a grpc.StatusCode."""
        self._calls.labels(method.lstrip("/"), code).observe(seconds)
