"""JSON batching and the limits of one mailbox."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sandbox.testing import RunningSandbox

Deliver = Callable[..., list[str]]
JSON = {"Content-Type": "application/json"}


def item(number: int, message: str, **more: Any) -> dict[str, Any]:
    url = f"/me/messages/{message}/move?$select=id,parentFolderId"
    return {
        "id": str(number),
        "method": "POST",
        "url": url,
        "headers": JSON,
        "body": {"destinationId": "archive"},
    } | more


def chain(messages: list[str]) -> list[dict[str, Any]]:
    """Moves, each depending on the one before."""
    first, *rest = [item(number, message) for number, message in enumerate(messages)]
    return [first, *(one | {"dependsOn": [str(number)]} for number, one in enumerate(rest))]


def post(graph: httpx.Client, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answer = graph.post("/$batch", json={"requests": requests})
    assert answer.status_code == 200
    responses: list[dict[str, Any]] = answer.json()["responses"]
    return sorted(responses, key=lambda one: int(one["id"]))


def test_a_chain_of_twenty_moves_all(graph: httpx.Client, deliver: Deliver) -> None:
    """Chained by dependsOn, 20 moves need one slot and all succeed."""
    responses = post(graph, chain(deliver(20)))
    assert [one["status"] for one in responses] == [201] * 20


def test_unordered_items_beyond_four_are_throttled_one_by_one(graph: httpx.Client, deliver: Deliver) -> None:
    """The outer 200 hides sixteen 429 with a decimal Retry-After."""
    responses = post(graph, [item(number, one) for number, one in enumerate(deliver(20))])
    assert [one["status"] for one in responses] == [201] * 4 + [429] * 16
    assert responses[-1]["headers"]["Retry-After"] == "0.249"
    assert responses[-1]["body"]["error"]["code"] == "ApplicationThrottled"


def test_a_failed_dependency_is_424_all_the_way(graph: httpx.Client, deliver: Deliver) -> None:
    """What depends on a failure fails, and what depends on that."""
    one, two, three = deliver(3)
    responses = post(graph, chain([one, "nobody", two, three]))
    assert [one["status"] for one in responses] == [201, 404, 424, 424]


def test_each_item_has_its_own_preferences(graph: httpx.Client, deliver: Deliver) -> None:
    """The outer Prefer says nothing about items: only their own header keeps ids immutable."""
    one, two = deliver(2)
    preferring = item(1, two, headers=JSON | {"Prefer": 'IdType="ImmutableId"'})
    responses = post(graph, [item(0, one), preferring])
    assert responses[0]["body"]["id"] != one
    assert responses[1]["body"]["id"] == two
    assert responses[1]["headers"]["Preference-Applied"] == 'IdType="ImmutableId"'


def test_an_item_without_content_type_is_refused_alone(graph: httpx.Client, deliver: Deliver) -> None:
    """400 for that item, the other moves."""
    one, two = deliver(2)
    assert [one["status"] for one in post(graph, [item(0, one, headers={}), item(1, two)])] == [400, 201]


@pytest.mark.parametrize("url", ["https://elsewhere.invalid/v1.0/me", "//elsewhere.invalid/me", ""])
def test_an_item_never_names_a_host(graph: httpx.Client, url: str) -> None:
    """Absolute URLs are refused."""
    answer = graph.post("/$batch", json={"requests": [{"id": "0", "method": "GET", "url": url}]})
    assert answer.status_code == 400 or answer.json()["responses"][0]["status"] == 400


GET = {"method": "GET", "url": "/me"}


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [{"id": str(number)} | GET for number in range(21)],
        [{"id": "a"} | GET, {"id": "A"} | GET],
        [{"id": "a", "dependsOn": ["b"]} | GET, {"id": "b"} | GET],
        [{"id": "a", "dependsOn": ["a"]} | GET],
        [{"id": "a", "dependsOn": 5} | GET],
        [{"id": "a", "headers": 5} | GET],
        [{"id": 1} | GET],
        [{"method": "GET", "url": "/me"}],
        ["x"],
        None,
    ],
)
def test_a_malformed_batch_is_refused_as_a_whole(graph: httpx.Client, requests: object) -> None:
    """More than 20 items, ids that repeat (letter case aside), circles and nonsense are 400."""
    assert graph.post("/$batch", json={"requests": requests}).status_code == 400


async def test_a_fifth_concurrent_request_is_throttled(sandbox: RunningSandbox, bearer: str) -> None:
    """Four at a time; a fifth is 429 with a decimal Retry-After, and slots come back."""
    sandbox.faults({"fault": "latency", "rate": 1, "seconds": 0.2})
    trust = ssl.create_default_context(cafile=str(sandbox.authority))
    headers = {"Authorization": f"Bearer {bearer}"}
    async with httpx.AsyncClient(base_url=sandbox.graph, headers=headers, verify=trust, trust_env=False) as graph:
        answers = await asyncio.gather(*(graph.get("/me") for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [200] * 4 + [429]
        (refused,) = [answer for answer in answers if answer.status_code == 429]
        assert refused.headers["retry-after"] == "0.249"
        sandbox.faults()
        assert (await graph.get("/me")).status_code == 200


def test_the_window_has_a_budget_and_batch_items_count(start_sandbox: Callable[..., RunningSandbox]) -> None:
    """Each item of a batch counts; over the budget all is 429 until the window has passed."""
    tiny = start_sandbox(request_budget=5, request_window_seconds=600)
    headers = {"Authorization": f"Bearer {tiny.access_token('User.Read')}"}
    trust = ssl.create_default_context(cafile=str(tiny.authority))
    with httpx.Client(base_url=tiny.graph, headers=headers, verify=trust, trust_env=False) as graph:
        after = [{}, *({"dependsOn": [str(number)]} for number in range(3))]
        requests = [{"id": str(number)} | GET | one for number, one in enumerate(after)]
        assert [one["status"] for one in post(graph, requests)] == [200] * 4
        assert graph.get("/me").status_code == 200
        refused = graph.get("/me")
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "ApplicationThrottled")
        assert 590 < float(refused.headers["retry-after"]) <= 600
