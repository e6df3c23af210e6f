"""Security events of identity, as metrics.

Guarantees: no label, so nobody can add a series; nothing says who.
"""

from prometheus_client import CollectorRegistry, Counter


class Signals:
    """Counters of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """registry: of the process."""
        self._reused = Counter(
            "gateway_refresh_reuse",
            "Refresh tokens that came back after they were spent, whose sessions were ended: each one is a theft",
            registry=registry,
        )

    def refresh_token_reused(self) -> None:
        """A session was ended because a spent token came back."""
        self._reused.inc()
