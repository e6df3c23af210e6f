"""The register as gauges: how many incidents are open, and for how long the 72 hours of the oldest have run.

Guarantees: labels are severities; no series names an incident or a person. Hours go on by themselves between two looks,
and when the register can't be read.
"""

from collections.abc import Callable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy import Engine

from gateway.incidents import clock
from gateway.incidents.entry import Severity
from gateway.incidents.incident import Incident
from gateway.incidents.register import Register
from gateway.store import clock as time
from gateway.store import transaction

NONE: Final = 0.0  # hours while nothing runs


class IncidentClock:
    """One per process."""

    def __init__(self, register: Register, registry: CollectorRegistry, *, now: Callable[[], int] = time.now) -> None:
        self._register = register
        self._now = now
        self._since: int | None = None
        self._open = Gauge("incident_open", "Incidents that are not closed", ["severity"], registry=registry)
        hours = Gauge(
            "incident_hours_since_awareness",
            "Hours since awareness of the oldest incident of which the ICO was not told and may have to be; 0: none",
            registry=registry,
        )
        hours.set_function(self._hours)

    async def look(self, engine: Engine) -> None:
        """Take over what the register says now. Raises Unavailable, DecryptFailed."""
        self._show(await transaction.read(engine, self._register.incidents))

    def _show(self, incidents: Sequence[Incident]) -> None:
        still_open = [one.severity for one in incidents if one.closed_at is None]
        for severity in Severity:
            self._open.labels(severity.value).set(still_open.count(severity))
        running = [one.aware_since for one in incidents if one.is_running and one.aware_since is not None]
        self._since = min(running, default=None)

    def _hours(self) -> float:
        return NONE if self._since is None else clock.hours(self._since, self._now())
