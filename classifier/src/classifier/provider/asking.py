"""What a servicer needs of a provider, built once; running while inside."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from chassis import logs
from chassis.metrics import Metrics
from classifier.provider import template
from classifier.provider.breaker import Breaker
from classifier.provider.desk import Desk
from classifier.provider.endpoint import Endpoint
from classifier.provider.probe import Probe
from classifier.provider.tally import Tally
from classifier.provider.terms import Terms

_log = logs.get("classifier.provider")


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, on which terms, and how the endpoint is."""

    desk: Desk
    terms: Terms
    probe: Probe


@asynccontextmanager
async def asking(endpoint: Endpoint, terms: Terms, metrics: Metrics) -> AsyncIterator[Asking]:
    """The log says that metadata of mail leaves from here; the probe runs beside everything else."""
    _log.warning("provider.metadata_leaves")
    words, breaker = template.load(), Breaker()
    probe = Probe(endpoint, words, breaker, terms.call_seconds)
    looking = asyncio.create_task(probe.run())
    try:
        yield Asking(Desk(endpoint, words, terms, breaker, Tally(metrics)), terms, probe)
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await endpoint.close()
