"""Each fault of Graph, switched on at run time, bites a plain HTTP client."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sandbox.faults import Fault, FaultSwitch, InvalidFault, plan
from sandbox.testing import RunningSandbox

Deliver = Callable[..., list[str]]
MakeFolder = Callable[[str], str]
OTHER = "other@sandbox.test"  # the owner's token is shared by the tests of this file
MOVE = "POST /me/messages/{message}/move"


def always(fault: str, **more: Any) -> dict[str, Any]:
    return {"fault": fault, "rate": 1} | more


def moves(sandbox: RunningSandbox, message: str) -> int:
    state = sandbox.control("GET", "/state")["messages"]
    return next(int(one["moves"]) for one in state if one["immutable_id"] == message)


def move(graph: httpx.Client, message: str, select: str = "?$select=id") -> httpx.Response:
    return graph.post(f"/me/messages/{message}/move{select}", json={"destinationId": "archive"})


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize("text", ["0.249", "7", "Wed, 21 Oct 2026 07:28:00 GMT", ""])
def test_throttle(sandbox: RunningSandbox, graph: httpx.Client, text: str) -> None:
    """429 with Retry-After as the rule says: a decimal, a number, a date, or none at all."""
    sandbox.faults(always("throttle", retry_after=text))
    answer = graph.get("/me")
    assert code(answer) == (429, "ApplicationThrottled")
    assert answer.headers.get("retry-after", "") == text


def test_unavailable_and_gateway_timeout(sandbox: RunningSandbox, graph: httpx.Client) -> None:
    """503 and 504, and nothing was done."""
    sandbox.faults(always("unavailable"))
    assert code(graph.get("/me")) == (503, "ServiceNotAvailable")
    sandbox.faults(always("gateway_timeout"))
    assert graph.get("/me").status_code == 504


def test_timeout_after_move(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver) -> None:
    """504, although the message moved."""
    (one,) = deliver()
    sandbox.faults(always("timeout_after_move"))
    assert move(graph, one).status_code == 504
    assert moves(sandbox, one) == 1


def test_latency(sandbox: RunningSandbox, graph: httpx.Client) -> None:
    """An answer takes as long as the rule says."""
    sandbox.faults(always("latency", seconds=0.15))
    assert graph.get("/me").elapsed.total_seconds() >= 0.15


def test_reset_before(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver) -> None:
    """The connection ends without an answer and nothing moved."""
    (one,) = deliver()
    sandbox.faults(always("reset_before"))
    with pytest.raises(httpx.TransportError):
        move(graph, one)
    assert moves(sandbox, one) == 0


def test_reset_after_move(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver) -> None:
    """The connection ends without an answer, and the message moved."""
    (one,) = deliver()
    sandbox.faults(always("reset_after_move"))
    with pytest.raises(httpx.TransportError):
        move(graph, one)
    assert moves(sandbox, one) == 1


def test_reset_in_the_middle_of_a_batch(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver) -> None:
    """A chain whose third move cuts the connection: three moved, the others did not, and nobody said so."""
    ids = deliver(6)
    requests = [
        {"id": str(n), "method": "POST", "url": f"/me/messages/{one}/move", "body": {"destinationId": "archive"}}
        | {"headers": {"Content-Type": "application/json"}, "dependsOn": [str(n - 1)] if n else []}
        for n, one in enumerate(ids)
    ]
    sandbox.faults({"fault": "reset_after_move", "nth": [3]})
    with pytest.raises(httpx.TransportError):
        graph.post("/$batch", json={"requests": requests})
    assert [moves(sandbox, one) for one in ids] == [1, 1, 1, 0, 0, 0]


def test_stale_delta(sandbox: RunningSandbox, graph: httpx.Client) -> None:
    """A deltaLink is forgotten: 410; a first request still works."""
    link = graph.get("/me/mailFolders/drafts/messages/delta").json()["@odata.deltaLink"]
    sandbox.faults(always("stale_delta"))
    answer = graph.get(link)
    assert code(answer) == (410, "SyncStateNotFound")
    assert graph.get(answer.headers["location"]).status_code == 200


def test_duplicate_delta_entry(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver) -> None:
    """One id comes twice in a page."""
    deliver(2)
    sandbox.faults(always("duplicate_delta_entry"))
    ids = [one["id"] for one in graph.get("/me/mailFolders/inbox/messages/delta?$top=5").json()["value"]]
    assert len(ids) - len(set(ids)) == 1


def test_claims_challenge(sandbox: RunningSandbox) -> None:
    """401 with claims; the same token stays refused; one that answers the claims is accepted."""
    old = {"Authorization": f"Bearer {sandbox.access_token('User.Read', user=OTHER)}"}
    sandbox.faults({"fault": "claims_challenge", "nth": [1]})
    status, headers, _ = sandbox.http("GET", "/v1.0/me", old)
    found = re.search(r'error="insufficient_claims", claims="([^"]+)"', headers["www-authenticate"])
    assert status == 401
    assert found
    claims = base64.b64decode(found[1]).decode()
    assert json.loads(claims)["access_token"]["nbf"]["essential"] is True
    assert sandbox.http("GET", "/v1.0/me", old)[0] == 401
    merely_new = {"Authorization": f"Bearer {sandbox.access_token('User.Read', user=OTHER)}"}
    assert sandbox.http("GET", "/v1.0/me", merely_new)[0] == 401
    answering = sandbox.sign_in("User.Read", user=OTHER, claims=claims)["access_token"]
    assert sandbox.http("GET", "/v1.0/me", {"Authorization": f"Bearer {answering}"})[0] == 200


def test_garbage_json(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver) -> None:
    """200 and no JSON, for a page and for a batch; a move whose answer is garbage has happened."""
    (one,) = deliver()
    sandbox.faults(always("garbage_json"))
    for answer in (graph.get("/me"), move(graph, one)):
        assert answer.status_code == 200
        with pytest.raises(ValueError, match="Unterminated string"):
            answer.json()
    assert moves(sandbox, one) == 1


@pytest.mark.parametrize(
    "link", ["https://graph.sandbox.invalid/v1.0/me", "http://localhost/v1.0/me", "https://169.254.169.254/", "x"]
)
@pytest.mark.parametrize("path", ["messages", "messages/delta"])
def test_foreign_next_link(
    sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver, path: str, link: str
) -> None:
    """The nextLink leads wherever the rule says."""
    deliver(2)
    sandbox.faults(always("foreign_next_link", link=link))
    assert graph.get(f"/me/mailFolders/inbox/{path}?$top=1&$select=id").json()["@odata.nextLink"] == link


@pytest.mark.parametrize("path", ["messages", "messages/delta"])
def test_pagination_loop(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver, path: str) -> None:
    """The nextLink leads to the same page for ever, under another token each time."""
    deliver(2)
    sandbox.faults(always("pagination_loop"))
    page = graph.get(f"/me/mailFolders/inbox/{path}?$top=1&$select=id").json()
    seen = []
    for _ in range(3):
        seen.append((page["value"][0]["id"], page["@odata.nextLink"]))
        page = graph.get(page["@odata.nextLink"]).json()
    assert len({one for one, _ in seen}) == 1
    assert len({link for _, link in seen}) == 3


def test_move_copy_failed(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver) -> None:
    """The n-th move on a connection is 500, later ones 429; a new connection is free of it."""
    ids = deliver(4)
    sandbox.faults(always("move_copy_failed", moves=3))
    with httpx.Client(base_url=graph.base_url, headers=graph.headers, verify=_trust(sandbox), trust_env=False) as fresh:
        answers = [move(fresh, one) for one in ids]
    assert [answer.status_code for answer in answers] == [201, 201, 500, 429]
    assert code(answers[2])[1] == "ErrorMoveCopyFailed"
    assert code(answers[3])[1] == "ErrorTooManyObjectsOpened"
    with httpx.Client(base_url=graph.base_url, headers=graph.headers, verify=_trust(sandbox), trust_env=False) as other:
        assert move(other, ids[3]).status_code == 201


def _trust(sandbox: RunningSandbox) -> Any:
    import ssl

    return ssl.create_default_context(cafile=str(sandbox.authority))


def test_move_ignores_select(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver) -> None:
    """The move answers with the body although only the id was selected."""
    (one,) = deliver()
    sandbox.faults(always("move_ignores_select"))
    stem = sandbox.control("GET", "/canaries")["stem"]
    assert stem in move(graph, one).text


def test_conflict(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver) -> None:
    """412 ErrorIrresolvableConflict, and nothing moved."""
    (one,) = deliver()
    sandbox.faults(always("conflict"))
    assert code(move(graph, one)) == (412, "ErrorIrresolvableConflict")
    assert moves(sandbox, one) == 0


def test_folder_gone(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver) -> None:
    """The folder is 404, as a list and as the end of a move."""
    (one,) = deliver()
    sandbox.faults(always("folder_gone"))
    assert code(graph.get("/me/mailFolders/inbox/messages")) == (404, "ErrorItemNotFound")
    assert code(move(graph, one)) == (404, "ErrorItemNotFound")
    assert moves(sandbox, one) == 0


def test_personal_account(sandbox: RunningSandbox, graph: httpx.Client) -> None:
    """MailboxSettings is 403 for a personal account."""
    sandbox.faults(always("personal_account"))
    assert code(graph.get("/me/mailboxSettings")) == (403, "ErrorAccessDenied")


def test_a_rule_can_strike_the_outside_of_a_batch(sandbox: RunningSandbox, graph: httpx.Client) -> None:
    """Without a route a rule strikes items only; with the batch's route the whole of it."""
    requests = {"requests": [{"id": "0", "method": "GET", "url": "/me"}]}
    sandbox.faults(always("unavailable"))
    answer = graph.post("/$batch", json=requests)
    assert (answer.status_code, answer.json()["responses"][0]["status"]) == (200, 503)
    sandbox.faults(always("unavailable", route="POST /$batch"))
    assert graph.post("/$batch", json=requests).status_code == 503


def test_a_rule_keeps_to_its_route_and_times(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver) -> None:
    """Only the named route, only so often; the control API tells how often it struck."""
    (one,) = deliver()
    sandbox.faults(always("throttle", route=MOVE, times=1))
    assert graph.get("/me").status_code == 200
    assert [move(graph, one).status_code for _ in range(2)] == [429, 201]
    assert [rule["struck"] for rule in sandbox.control("GET", "/faults")["faults"]] == [1]


def test_the_same_seed_strikes_the_same_calls() -> None:
    """Rates are repeatable."""

    def struck(seed: int) -> list[bool]:
        switch = FaultSwitch()
        switch.plan = plan({"seed": seed, "faults": [{"fault": "throttle", "rate": 0.5}]})
        return [switch.strikes(Fault.THROTTLE, MOVE) is not None for _ in range(64)]

    assert struck(1) == struck(1) != struck(2)
    assert 10 < sum(struck(1)) < 54


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"fault": "throttle"},
        {"seed": "1"},
        {"faults": {}},
        {"faults": ["throttle"]},
        {"faults": [{"fault": "explode", "rate": 1}]},
        {"faults": [{"fault": "throttle"}]},
        {"faults": [{"fault": "throttle", "rate": 1, "nth": [1]}]},
        {"faults": [{"fault": "throttle", "rate": 2}]},
        {"faults": [{"fault": "throttle", "rate": True}]},
        {"faults": [{"fault": "throttle", "nth": [0]}]},
        {"faults": [{"fault": "throttle", "rate": 1, "surprise": 1}]},
    ],
)
def test_a_plan_that_nobody_can_mean_is_refused(document: object) -> None:
    """Unknown faults, keys and types are errors: a test must not pass because its fault was misspelt."""
    with pytest.raises(InvalidFault):
        plan(document)
