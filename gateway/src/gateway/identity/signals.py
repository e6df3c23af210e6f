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
        self._replayed = Counter(
            "gateway_code_replay",
            "One-time codes that came back after they were used, whose sessions were ended",
            registry=registry,
        )
        self._unproved = Counter(
            "gateway_session_key_unproved",
            "Refreshes with a session's access token and another key than the session's, or with a used proof",
            registry=registry,
        )

    def refresh_token_reused(self) -> None:
        """A session was ended because a spent token came back."""
        self._reused.inc()

    def code_replayed(self) -> None:
        """A session was ended because its one-time code came back."""
        self._replayed.inc()

    def key_not_proved(self) -> None:
        """Somebody had a session's access token, and not its key."""
        self._unproved.inc()
