"""Whatever goes wrong, a message is in exactly one folder."""

from collections.abc import Callable
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.testing import RunningSandbox

PLACES = ("inbox", "archive", "drafts", "nowhere")
FAULTS = ("throttle", "unavailable", "timeout_after_move", "reset_before", "reset_after_move", "conflict")
MESSAGES = 4
Step = tuple[str, list[tuple[int, str]]]

step = st.tuples(
    st.sampled_from(["one", "chain", "together"]),
    st.lists(st.tuples(st.integers(0, MESSAGES - 1), st.sampled_from(PLACES)), min_size=1, max_size=6),
)
fault = st.fixed_dictionaries({"fault": st.sampled_from(FAULTS), "rate": st.sampled_from([0.2, 0.6])})


def act(graph: httpx.Client, ids: list[str], how: str, wishes: list[tuple[int, str]]) -> None:
    """One step of a client that believes no answer."""
    requests: list[dict[str, Any]] = [
        {"id": str(number), "method": "POST", "url": f"/me/messages/{ids[message]}/move?$select=id"}
        | {"headers": {"Content-Type": "application/json"}, "body": {"destinationId": place}}
        | ({"dependsOn": [str(number - 1)]} if how == "chain" and number else {})
        for number, (message, place) in enumerate(wishes)
    ]
    try:
        if how == "one":
            graph.post(requests[0]["url"], json=requests[0]["body"])
        else:
            graph.post("/$batch", json={"requests": requests})
    except httpx.TransportError:
        return


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, min_size=1, max_size=5), faults=st.lists(fault, max_size=3), seed=st.integers(0, 1000))
def test_a_message_is_in_exactly_one_folder(  # fixtures and drawn values
    sandbox: RunningSandbox,
    graph: httpx.Client,
    deliver: Callable[..., list[str]],
    steps: list[Step],
    faults: list[dict[str, Any]],
    seed: int,
) -> None:
    """After any moves and batches under any faults, each message is listed by one folder: the one the state names."""
    ids = deliver(MESSAGES)
    sandbox.faults(*faults, seed=seed)
    for how, wishes in steps:
        act(graph, ids, how, wishes)
    sandbox.faults()
    state = sandbox.control("GET", "/state")
    held = {row["immutable_id"]: row["folder_id"] for row in state["messages"] if row["immutable_id"] in ids}
    assert sorted(held) == sorted(ids)
    assert [listing(graph, ids, folder) for folder in PLACES[:3]] == [
        {one for one, place in held.items() if place == well_known(state, folder)} for folder in PLACES[:3]
    ]


def listing(graph: httpx.Client, ids: list[str], folder: str) -> set[str]:
    """Which of `ids` a folder lists; each at most once."""
    page = graph.get(f"/me/mailFolders/{folder}/messages", params={"$top": "1000", "$select": "id"}).json()["value"]
    found = [one["id"] for one in page if one["id"] in ids]
    assert len(found) == len(set(found))
    return set(found)


def well_known(state: dict[str, Any], name: str) -> str:
    owner = "owner@sandbox.test"
    return next(str(one["id"]) for one in state["folders"] if (one["well_known"], one["user"]) == (name, owner))
