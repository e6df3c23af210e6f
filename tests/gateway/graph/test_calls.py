"""What Prometheus sees of calls to Graph."""

from prometheus_client import CollectorRegistry

from gateway.graph.calls import GraphCalls


def counted(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    samples = [sample for metric in registry.collect() for sample in metric.samples if sample.name.endswith("_count")]
    return {tuple(sample.labels.values()): sample.value for sample in samples}  # type: ignore[misc]  # two labels


def test_calls_are_counted_by_verb_and_status() -> None:
    """A status that HTTP doesn't know adds one series, however many there are of it."""
    registry = CollectorRegistry()
    calls = GraphCalls(registry)
    for status in (200, 200, 429, None, 299, 777):
        calls.ended("GET", status, 0.1)
    assert counted(registry) == {("GET", "200"): 2, ("GET", "429"): 1, ("GET", "none"): 1, ("GET", "other"): 2}
