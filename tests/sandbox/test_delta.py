"""The delta query of a folder."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sandbox.testing import RunningSandbox

Deliver = Callable[..., list[str]]
MakeFolder = Callable[[str], str]
IMMUTABLE = 'IdType="ImmutableId"'


def walk(graph: httpx.Client, url: str, size: int = 4) -> tuple[list[dict[str, Any]], str]:
    """All entries of a round and its deltaLink."""
    entries: list[dict[str, Any]] = []
    headers = {"Prefer": f"{IMMUTABLE}, odata.maxpagesize={size}"}
    while True:
        answer = graph.get(url, headers=headers)
        assert answer.status_code == 200
        page = answer.json()
        assert len(page["value"]) <= size
        entries += page["value"]
        if "@odata.deltaLink" in page:
            return entries, page["@odata.deltaLink"]
        url = page["@odata.nextLink"]


def start(folder_id: str) -> str:
    return f"/me/mailFolders/{folder_id}/messages/delta?$select=subject"


def move(graph: httpx.Client, message: str, folder: str) -> None:
    graph.post(f"/me/messages/{message}/move?$select=id", json={"destinationId": folder}).raise_for_status()


def test_first_round_lists_the_folder_then_only_changes_come(
    graph: httpx.Client, deliver: Deliver, folder: MakeFolder
) -> None:
    """Each message once, page by page; then nothing; then what came."""
    place = folder("Delta first")
    ids = deliver(10, folder="Delta first")
    entries, link = walk(graph, start(place))
    assert [one["id"] for one in entries] == ids[::-1]
    assert set(entries[0]) == {"@odata.type", "@odata.etag", "id", "subject"}
    entries, link = walk(graph, link)
    assert entries == []
    (new,) = deliver(folder="Delta first")
    entries, _ = walk(graph, link)
    assert [one["id"] for one in entries] == [new]


def test_who_leaves_is_removed_and_nothing_else_is_said(
    graph: httpx.Client, deliver: Deliver, folder: MakeFolder
) -> None:
    """A message moved out or deleted is its id and @removed."""
    place = folder("Delta leaving")
    ids = deliver(6, folder="Delta leaving")
    _, link = walk(graph, start(place))
    for one in ids:
        move(graph, one, "archive")
    entries, _ = walk(graph, link)
    assert entries == [{"id": one, "@removed": {"reason": "deleted"}} for one in ids]


def test_there_and_back_is_there(graph: httpx.Client, deliver: Deliver, folder: MakeFolder) -> None:
    """By immutable ids, a message that left and returned is not removed."""
    place = folder("Delta returning")
    (one,) = deliver(folder="Delta returning")
    _, link = walk(graph, start(place))
    move(graph, one, "archive")
    move(graph, one, place)
    entries, _ = walk(graph, link)
    assert [(entry["id"], "@removed" in entry) for entry in entries] == [(one, False)]


def test_there_and_back_loses_the_default_id(graph: httpx.Client, deliver: Deliver, folder: MakeFolder) -> None:
    """By default ids, the old id is removed for good and the message has a new one."""
    place = folder("Delta default ids")
    (one,) = deliver(folder="Delta default ids")
    plain = {"Prefer": ""}
    first = graph.get(start(place), headers=plain).json()
    move(graph, one, "archive")
    move(graph, one, place)
    later = graph.get(first["@odata.deltaLink"], headers=plain).json()["value"]
    removed = [entry["id"] for entry in later if "@removed" in entry]
    assert removed == [first["value"][0]["id"]]
    assert [entry["id"] for entry in later if "@removed" not in entry] not in ([], removed)


def test_a_change_during_a_round_is_not_lost(graph: httpx.Client, deliver: Deliver, folder: MakeFolder) -> None:
    """What comes or goes while the first round is read is told in it or in the next."""
    place = folder("Delta moving")
    ids = deliver(6, folder="Delta moving")
    page = graph.get(start(place), headers={"Prefer": f"{IMMUTABLE}, odata.maxpagesize=3"}).json()
    move(graph, ids[-1], "archive")
    (new,) = deliver(folder="Delta moving")
    rest, link = walk(graph, page["@odata.nextLink"])
    later, _ = walk(graph, link)
    present = {one["id"] for one in [*page["value"], *rest]}
    for one in later:
        present = present - {one["id"]} if "@removed" in one else present | {one["id"]}
    assert present == {*ids[:-1], new}


def test_links_write_the_folder_as_a_key(sandbox: RunningSandbox, graph: httpx.Client, folder: MakeFolder) -> None:
    """Graph's delta links spell mailFolders('id'), whatever form was asked with, and both forms are served."""
    place = folder("Delta spelling")
    link = graph.get(start(place)).json()["@odata.deltaLink"]
    assert link.startswith(f"{sandbox.graph}/me/mailFolders('{place}')/messages/delta?$deltatoken=")
    assert graph.get(f"/me/mailfolders('{place}')/messages/delta()?$select=id").status_code == 200


def test_a_foreign_token_starts_over(sandbox: RunningSandbox, graph: httpx.Client, folder: MakeFolder) -> None:
    """A token of another folder, or one made up, is 410 SyncStateNotFound with the place to start over."""
    one, two = folder("Delta one"), folder("Delta two")
    link = graph.get(start(one)).json()["@odata.deltaLink"]
    token = link.rpartition("deltatoken=")[2]
    for wrong in (token, "made-up"):
        answer = graph.get(f"/me/mailFolders/{two}/messages/delta?$deltatoken={wrong}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (410, "SyncStateNotFound")
        assert answer.headers["location"] == f"{sandbox.graph}/me/mailFolders('{two}')/messages/delta"


def test_page_size_is_confirmed(graph: httpx.Client, folder: MakeFolder) -> None:
    """Preference-Applied names both preferences."""
    answer = graph.get(start(folder("Delta size")), headers={"Prefer": f"{IMMUTABLE}, odata.maxpagesize=7"})
    assert answer.headers["preference-applied"] == f"{IMMUTABLE}, odata.maxpagesize=7"


@pytest.mark.parametrize("size", ["0", "1001", "x"])
def test_impossible_page_sizes_are_refused(graph: httpx.Client, size: str) -> None:
    """1 to 1000."""
    answer = graph.get("/me/mailFolders/inbox/messages/delta", headers={"Prefer": f"odata.maxpagesize={size}"})
    assert answer.status_code == 400
