"""The control API: what tests see and do."""

from collections.abc import Callable

import httpx
import pytest

from sandbox.testing import RunningSandbox

Deliver = Callable[..., list[str]]


def test_requests_tell_what_a_client_sent_and_no_text(
    sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver
) -> None:
    """Template, options and headers of interest, batch items by their batch; no id, token, body or page token."""
    (one,) = deliver(2, subject="Secret words")[:1]
    sandbox.control("DELETE", "/requests")
    link = graph.get("/me/mailFolders/inbox/messages", params={"$select": "id", "$top": "1"}).json()["@odata.nextLink"]
    graph.get(link)
    item = {"method": "POST", "url": f"/me/messages/{one}/move?$select=id", "body": {"destinationId": "archive"}}
    item["headers"] = {"Content-Type": "application/json", "Prefer": 'IdType="ImmutableId"'}
    graph.post("/$batch", json={"requests": [{"id": "1"} | item]})
    listed, followed, moved, batch = sandbox.control("GET", "/requests")["requests"]
    assert (listed["method"], listed["route"]) == ("GET", "/me/mailFolders/{folder}/messages")
    assert listed["options"] == {"$select": "id", "$top": "1"}
    assert followed["options"] == {"$skiptoken": "given"}
    assert (moved["method"], moved["route"], moved["status"]) == ("POST", "/me/messages/{message}/move", 201)
    assert moved["headers"]["prefer"] == 'IdType="ImmutableId"'
    assert batch["route"] == "/$batch"
    assert moved["batch"] is not None
    assert listed["batch"] is None
    text = str(sandbox.control("GET", "/requests"))
    assert not any(secret in text for secret in (one, "Secret words", "Bearer", link.rpartition("=")[2]))


def test_cut_connections_are_in_the_log(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver) -> None:
    """A call that got no answer has status 0."""
    (one,) = deliver()
    sandbox.control("DELETE", "/requests")
    sandbox.faults({"fault": "reset_after_move", "rate": 1})
    with pytest.raises(httpx.TransportError):
        graph.post(f"/me/messages/{one}/move", json={"destinationId": "archive"})
    assert [entry["status"] for entry in sandbox.control("GET", "/requests")["requests"]] == [0]


def test_the_owner_moves_and_deletes(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver) -> None:
    """What the owner does in Outlook happens, and isn't counted as a client's move."""
    kept, gone = deliver(2)
    moves = [{"id": kept, "destination": "junkemail"}, {"id": gone, "destination": None}]
    assert sandbox.control("POST", "/moves", {"moves": moves}) == {"moved": 2}
    rows = {row["immutable_id"]: row for row in sandbox.control("GET", "/state")["messages"]}
    assert rows[kept]["moves"] == 0
    assert rows[kept]["folder_id"] == graph.get("/me/mailFolders/junkemail").json()["id"]
    assert gone not in rows
    assert graph.get(f"/me/messages/{gone}").status_code == 404


def test_mail_reaches_the_mailbox_it_is_for(sandbox: RunningSandbox, deliver: Deliver) -> None:
    """Another user's mail is theirs."""
    (one,) = deliver(user="other@sandbox.test")
    rows = {row["immutable_id"]: row for row in sandbox.control("GET", "/state")["messages"]}
    assert rows[one]["user"] == "other@sandbox.test"


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/faults", {"faults": [{"fault": "nonsense", "rate": 1}]}),
        ("/messages", {"messages": [{}]}),
        ("/messages", {"messages": ["x"]}),
        ("/messages", {"messages": [], "user": "stranger@sandbox.test"}),
        ("/moves", {"moves": [{"id": "nobody"}]}),
        ("/moves", {"moves": ["x"]}),
        ("/moves", None),
    ],
)
def test_misuse_is_an_error(sandbox: RunningSandbox, path: str, document: object) -> None:
    """A mistake in a test is told, not swallowed."""
    with pytest.raises(ValueError, match="400"):
        sandbox.control("POST", path, document)
