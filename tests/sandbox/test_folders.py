"""mailFolders, /me and mailboxSettings."""

from collections.abc import Callable

import httpx
import pytest

from sandbox.testing import RunningSandbox

MakeFolder = Callable[[str], str]
LISTED = ["Inbox", "Drafts", "Sent Items", "Deleted Items", "Junk Email", "Outbox", "Archive"]


def names(graph: httpx.Client, path: str, **params: str) -> list[str]:
    """All display names of a folder list, through its pages."""
    page = graph.get(path, params=params).json()
    found = [one["displayName"] for one in page["value"]]
    while "@odata.nextLink" in page:
        page = graph.get(page["@odata.nextLink"]).json()
        found += [one["displayName"] for one in page["value"]]
    return found


def test_top_folders_come_without_hidden_ones(graph: httpx.Client) -> None:
    """Hidden folders only when asked for, and no level but the first."""
    assert names(graph, "/me/mailFolders")[:7] == LISTED
    assert "Sync Issues" not in names(graph, "/me/mailFolders")
    assert "Sync Issues" in names(graph, "/me/mailFolders", includeHiddenFolders="true")
    assert "Conflicts" not in names(graph, "/me/mailFolders", includeHiddenFolders="true")


def test_folder_pages(graph: httpx.Client, folder: MakeFolder) -> None:
    """A page is 10 by default; pages join without loss, hidden ones included by the link itself."""
    for number in range(12):
        folder(f"Many {number}")
    assert len(graph.get("/me/mailFolders").json()["value"]) == 10
    for hidden in ("false", "true"):
        small = names(graph, "/me/mailFolders", **{"$top": "3", "includeHiddenFolders": hidden})
        assert small == names(graph, "/me/mailFolders", **{"$top": "1000", "includeHiddenFolders": hidden})


@pytest.mark.parametrize("name", ["inbox", "INBOX", "archive", "msgfolderroot", "recoverableitemsdeletions"])
def test_well_known_names_resolve(graph: httpx.Client, name: str) -> None:
    """A well-known name answers with the real id, which answers alike, and v1.0 does not tell the name back."""
    by_name = graph.get(f"/me/mailFolders/{name}").json()
    assert by_name == graph.get(f"/me/mailFolders/{by_name['id']}").json()
    assert "wellKnownName" not in by_name


def test_a_folder_is_made_once(graph: httpx.Client, folder: MakeFolder) -> None:
    """A second one of that name, in any letter case, is 409 ErrorFolderExists; elsewhere the name is free."""
    made = folder("Receipts")
    again = graph.post("/me/mailFolders", json={"displayName": "RECEIPTS"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "ErrorFolderExists")
    child = graph.post(f"/me/mailFolders/{made}/childFolders", json={"displayName": "Receipts"})
    assert child.status_code == 201
    assert names(graph, f"/me/mailFolders/{made}/childFolders") == ["Receipts"]
    assert graph.get(f"/me/mailFolders/{made}").json()["childFolderCount"] == 1


def test_a_folder_counts_what_it_holds(
    graph: httpx.Client, folder: MakeFolder, deliver: Callable[..., list[str]]
) -> None:
    """TotalItemCount and unreadItemCount follow the mail."""
    place = folder("Counted")
    (one, _) = deliver(2)
    deliver(3, folder="Counted")
    graph.post(f"/me/messages/{one}/move?$select=id", json={"destinationId": place}).raise_for_status()
    counted = graph.get(f"/me/mailFolders/{place}?$select=totalItemCount,unreadItemCount").json()
    assert counted == {"id": place, "totalItemCount": 4, "unreadItemCount": 1}


@pytest.mark.parametrize("body", [{}, {"displayName": ""}, {"displayName": "x" * 256}, {"displayName": 1}, [], 7])
def test_a_malformed_folder_is_refused(graph: httpx.Client, body: object) -> None:
    """400, never 500."""
    assert graph.post("/me/mailFolders", json=body).status_code == 400


def test_me_and_settings(sandbox: RunningSandbox, graph: httpx.Client) -> None:
    """Who the owner is; settings hold a canary where people write text."""
    me = graph.get("/me?$select=id,userPrincipalName").json()
    assert me["userPrincipalName"] == "owner@sandbox.test"
    settings = graph.get("/me/mailboxSettings").json()
    canary = sandbox.control("GET", "/canaries")["mailbox"]["automaticRepliesSetting"]
    assert settings["automaticRepliesSetting"]["internalReplyMessage"] == canary
    assert "automaticRepliesSetting" not in graph.get("/me/mailboxSettings?$select=timeZone").json()


def test_unknown_paths_and_methods(graph: httpx.Client) -> None:
    """What isn't in the table is 404 or 405, in Graph's shape."""
    statuses = {
        graph.get("/me/events").status_code,
        graph.delete("/me/messages/x").status_code,
        graph.get("/$batch").status_code,
        graph.patch("/me").status_code,
    }
    assert statuses == {404, 405}
    assert set(graph.get("/me/events").json()["error"]) == {"code", "message", "innerError"}
