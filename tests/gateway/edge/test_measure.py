"""Rate, errors and duration of every request, in series that nobody outside can add to."""

from typing import Any

from gateway.edge.methods import METHODS

GOOD = {"authorization": "Bearer good-token"}
NAME = "http_server_request_duration_seconds"


def series(front: Any) -> dict[tuple[str, str, str], float]:
    """How many requests were counted, by method, route and status."""
    samples = [sample for metric in front.registry.collect() for sample in metric.samples]
    labels = ("http_request_method", "http_route", "http_response_status_code")
    return {
        (sample.labels[labels[0]], sample.labels[labels[1]], sample.labels[labels[2]]): sample.value
        for sample in samples
        if sample.name == f"{NAME}_count"
    }


async def test_answers_are_counted_by_template_and_status(front: Any) -> None:
    """Success, refusal and crash; the id in the path is in no label."""
    for path in ("/api/v1/things/1", "/api/v1/things/canary", "/api/v1/fails"):
        await front.get(path)
    async with front.client() as client:
        await client.get("/api/v1/things/3")
    assert series(front) == {
        ("GET", "/api/v1/things/{thing_id}", "200"): 2,
        ("GET", "/api/v1/fails", "500"): 1,
        ("GET", "none", "401"): 1,
    }


async def test_a_stranger_can_not_add_a_series(front: Any) -> None:
    """A hundred paths and methods of their own are one route and one method."""
    async with front.client() as client:
        for number in range(100):
            await client.request(f"METHOD{number}", f"/canary-{number}", headers=GOOD)
            await client.get(f"/api/v1/canary-{number}?canary={number}", headers=GOOD)
    found = series(front)
    assert {method for method, _, _ in found} <= {*METHODS, "OTHER"}
    assert set(found) == {("OTHER", "none", "405"), ("GET", "none", "404")}
    assert sum(found.values()) == 200


async def test_durations_are_seconds(front: Any) -> None:
    """As the name says."""
    await front.get("/api/v1/things/1")
    labels = {
        "http_request_method": "GET",
        "http_route": "/api/v1/things/{thing_id}",
        "http_response_status_code": "200",
    }
    assert 0 < (front.registry.get_sample_value(f"{NAME}_sum", labels) or 0) < 10
