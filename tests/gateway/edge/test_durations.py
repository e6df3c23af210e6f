"""A histogram of our own says what prometheus_client's would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from gateway.edge.durations import Durations
from gateway.edge.measure import BUCKETS

NAME, LABELS = "request_duration_seconds", ("method", "status")
SECONDS = st.one_of(st.sampled_from([0.0, *BUCKETS]), st.floats(0, 20, allow_nan=False))
OBSERVED = st.lists(st.tuples(st.sampled_from(["GET", "POST"]), st.sampled_from(["200", "500"]), SECONDS), max_size=50)


@given(OBSERVED)
def test_it_is_exported_as_the_clients_own(observed: list[tuple[str, str, float]]) -> None:
    """Every series, every bucket, count and sum; on a bucket's very bound, too. In both formats."""
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    durations = Durations(NAME, "How long.", LABELS, BUCKETS, ours)
    histogram = Histogram(NAME, "How long.", LABELS, buckets=BUCKETS, registry=theirs)
    for method, status, seconds in observed:
        durations.labels(method, status).observe(seconds)
        histogram.labels(method, status).observe(seconds)
    assert _without_created(generate_latest(ours)) == _without_created(generate_latest(theirs))
    assert _without_created(openmetrics(ours)) == _without_created(openmetrics(theirs))


def _without_created(text: bytes) -> list[str]:
    return [line for line in text.decode().splitlines() if "_created" not in line]


def test_a_scrape_reads_it_back() -> None:
    """A type, buckets that rise, and the last of them the count."""
    registry = CollectorRegistry()
    series = Durations(NAME, "How long.", LABELS, (0.1, 1), registry).labels("GET", "200")
    for seconds in (0.05, 0.1, 0.5, 3.0):
        series.observe(seconds)
    (family,) = text_string_to_metric_families(generate_latest(registry).decode())
    assert family.type == "histogram"
    found = {(sample.name.removeprefix(NAME), sample.labels.get("le")): sample.value for sample in family.samples}
    assert found == {
        ("_bucket", "0.1"): 2,
        ("_bucket", "1.0"): 3,
        ("_bucket", "+Inf"): 4,
        ("_count", None): 4,
        ("_sum", None): pytest.approx(3.65),
    }


def test_its_name_is_its_own() -> None:
    """As for every metric of the client's: a second one is a mistake, and refused."""
    registry = CollectorRegistry()
    Durations(NAME, "How long.", LABELS, BUCKETS, registry)
    with pytest.raises(ValueError, match="Duplicated"):
        Gauge(f"{NAME}_count", "Another.", registry=registry)
