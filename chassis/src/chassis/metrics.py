"""What a process counts, for Prometheus. How it gets there: chassis.exposition.

Guarantees: labels come from closed sets (methods of the caller table, gRPC status names), so neither a person nor a
stranger can add a series; nothing is registered globally.
Must never: carry a user, a mailbox, an address or a message in a label.
"""

from functools import partial

from prometheus_client import CollectorRegistry, Gauge, GCCollector, Histogram, PlatformCollector, ProcessCollector

from chassis import tls
from chassis.errors import StartRefused
from chassis.tls import TlsFiles

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

        self._ends = Gauge(
            "tls_certificate_not_after_timestamp_seconds",
            "When the certificate that is in its file ends, by what it is for; 0: it could not be used",
            ["use"],
            registry=self.registry,
        )

    def certificate(self, use: str, files: TlsFiles) -> None:
        """Look at each scrape when the certificate in these files ends. use: a word of ours, as `edge` or `peer`."""
        self._ends.labels(use).set_function(partial(_end, files))

    def called(self, method: str, code: str, seconds: float) -> None:
        """One call answered. method: Callers.label(); code: name of a grpc.StatusCode."""
        self._calls.labels(method.lstrip("/"), code).observe(seconds)


def _end(files: TlsFiles) -> float:
    """Seconds since 1970; 0 for files that must not be used, a certificate that is over among them."""
    try:
        return tls.load(files).not_after.timestamp()
    except StartRefused:
        return 0.0
