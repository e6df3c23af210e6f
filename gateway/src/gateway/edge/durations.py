"""How long requests took, as a histogram that costs one request next to nothing.

Guarantees: exported as prometheus_client's own Histogram is, but for `_created`. That one takes a lock for each of two
numbers; here the event loop's thread alone counts, and a scrape, which is in another thread, adds up what it finds.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import inf
from typing import Final

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

Labels = tuple[str, ...]


class Series:
    """One combination of labels. bounds: in seconds, rising."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum_s = 0.0

    def observe(self, seconds: float) -> None:
        """One more. Of one thread."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum_s += seconds

    def add_to(self, family: HistogramMetricFamily, labels: Labels) -> None:
        """What there is by now."""
        sum_s, reached = self._sum_s, accumulate(list(self._counts))
        names = [floatToGoString(bound) for bound in (*self._bounds, inf)]  # type: ignore[no-untyped-call]  # the client leaves it so
        family.add_metric(labels, list(zip(names, reached, strict=True)), sum_s)


class Durations(Collector):
    """The histogram. names: of its labels."""

    def __init__(
        self, name: str, documentation: str, names: Labels, bounds: Sequence[float], registry: CollectorRegistry
    ) -> None:
        self._name: Final = name
        self._documentation: Final = documentation
        self._names: Final = names
        self._bounds: Final = bounds
        self._series: dict[Labels, Series] = {}
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        """Its name is taken from the start: a second metric of that name is refused."""
        return [self._family()]

    def labels(self, *labels: str) -> Series:
        """The series of these."""
        found = self._series.get(labels)
        if found is None:
            found = self._series[labels] = Series(self._bounds)
        return found

    def collect(self) -> Iterable[Metric]:
        """See Collector."""
        family = self._family()
        for labels, series in list(self._series.items()):
            series.add_to(family, labels)
        return [family]

    def _family(self) -> HistogramMetricFamily:
        return HistogramMetricFamily(self._name, self._documentation, labels=self._names)
