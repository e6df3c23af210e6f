"""Reading: pages lead to proven links, places are certain, folders are all there."""

import re
from typing import Any

import pytest

from gateway.graph.errors import (
    AnswerGarbled,
    BodyOffered,
    GraphUnavailable,
    LinkRefused,
    NeedsSignIn,
    Refused,
    Throttled,
)
from gateway.graph.folder import FolderRefused, allow, denied_folders
from gateway.graph.link import Asked
from gateway.graph.message import GraphFolderId, MessageId
from gateway.graph.retry import MAX_ATTEMPTS

INBOX = GraphFolderId("INBOX")
PATH = "/me/mailFolders/INBOX/messages/delta"


def ids(count: int) -> list[MessageId]:
    return [MessageId(f"M{number}") for number in range(count)]


async def test_walk_from_first_page_to_next_round(graph: Any, desk: Any, reply: Any, whole: Any) -> None:
    """Page after page by Graph's own links, verbatim; the last one names where the next round starts."""
    token = "a%2Bb%3D%3D"  # an opaque position
    graph.replies = [
        reply.of({"value": [whole("A")], "@odata.nextLink": f"{graph.root}{PATH}?$skiptoken={token}"}),
        reply.of({"value": [whole("B")], "@odata.deltaLink": f"{graph.root}{PATH}?$deltatoken=d"}),
        reply.of({"value": [{"id": "A", "@removed": {"reason": "deleted"}}]}),
    ]
    first = await desk.reader.page(desk.reader.first_page(INBOX, 1, total=2))
    second = await desk.reader.page(first.next)
    again = await desk.reader.page(desk.reader.resumed(INBOX, second.delta.url, 1))
    assert [m.id for m in (*first.messages, *second.messages)] == ["A", "B"]
    assert (first.delta, second.next, again.removed, again.next, again.delta) == (None, None, ("A",), None, None)
    targets = [request.target for request in graph.requests]
    assert targets == [
        f"/v1.0{PATH}?{query}" for query in (Asked.WITH_LIST_ID.value, f"$skiptoken={token}", "$deltatoken=d")
    ]
    assert all("odata.maxpagesize=1" in request.headers["prefer"] for request in graph.requests)


@pytest.mark.parametrize("name", ["@odata.nextLink", "@odata.deltaLink"])
async def test_foreign_link_is_refused(graph: Any, desk: Any, reply: Any, elsewhere: Any, name: str) -> None:
    """A page that points to another host is refused before anything goes there."""
    graph.replies = [reply.of({"value": [], name: f"{elsewhere.root}{PATH}?$skiptoken=a"})]
    with pytest.raises(LinkRefused):
        await desk.reader.page(desk.reader.first_page(INBOX, 10))
    assert elsewhere.connections == 0


async def test_endless_folder_ends(graph: Any, desk: Any, reply: Any) -> None:
    """A server that always has one more page is left after as many as the folder can have."""

    def endless(_: object) -> Any:
        return reply.of({"value": [], "@odata.nextLink": f"{graph.root}{PATH}?$skiptoken=t{len(graph.requests)}"})

    graph.handler = endless
    link = desk.reader.first_page(INBOX, 10, total=30)

    async def walk() -> None:
        at = link
        while at is not None:
            at = (await desk.reader.page(at)).next

    with pytest.raises(LinkRefused):
        await walk()
    assert len(graph.requests) < 30


@pytest.mark.parametrize("name", ["body", "bodyPreview", "uniqueBody", "attachments"])
async def test_page_with_a_body_is_refused(graph: Any, desk: Any, reply: Any, whole: Any, name: str) -> None:
    """Graph ignores our $select: the page is thrown away."""
    graph.replies = [reply.of({"value": [whole("A"), whole("B", **{name: "x"})]})]
    with pytest.raises(BodyOffered):
        await desk.reader.page(desk.reader.first_page(INBOX, 10))


async def test_garbage_is_an_error_of_ours(graph: Any, desk: Any, reply: Any) -> None:
    """HTML of a proxy is no page."""
    graph.replies = [reply(200, b"<html>canary</html>")]
    with pytest.raises(AnswerGarbled) as raised:
        await desk.reader.page(desk.reader.first_page(INBOX, 10))
    assert "canary" not in str(raised.value)


class Mailbox:
    """Answers $batch GETs as Graph does: dependsOn is honoured, and a plan says what becomes of an item."""

    def __init__(self, graph: Any, reply: Any) -> None:
        self.plan: dict[str, list[dict[str, Any]]] = {}
        self.batches: list[list[dict[str, Any]]] = []
        self._reply = reply
        graph.handler = self.handle

    def handle(self, request: Any) -> Any:
        self.batches.append(request.items)
        answers: list[dict[str, Any]] = []
        failed: set[str] = set()
        for item in request.items:
            answer = self.answer(item) if not failed & set(item.get("dependsOn", ())) else {"status": 424}
            failed |= {item["id"]} if answer["status"] >= 400 else set()
            answers.append({"id": item["id"], **answer})
        return self._reply.of({"responses": answers[::-1]})

    def answer(self, item: dict[str, Any]) -> dict[str, Any]:
        name = re.split(r"[/?]", item["url"])[3]
        if self.plan.get(name):
            return self.plan[name].pop(0)
        return {"status": 200, "body": {"id": name, "parentFolderId": f"in-{name}"}}


GONE = {"status": 404, "body": {"error": {"code": "ErrorItemNotFound"}}}


def later(after: str | None, status: int = 429) -> dict[str, Any]:
    return {"status": status, "headers": {} if after is None else {"Retry-After": after}}


async def test_locate_takes_one_chain_of_twenty(graph: Any, desk: Any, reply: Any) -> None:
    """Twenty messages that are there cost one round trip, in order, each with its $select and immutable ids."""
    mailbox = Mailbox(graph, reply)
    assert await desk.reader.locate(ids(20)) == {name: f"in-{name}" for name in ids(20)}
    (items,) = mailbox.batches
    assert [item["url"] for item in items] == [f"/me/messages/{n}?$select=id,parentFolderId" for n in ids(20)]
    assert [item.get("dependsOn") for item in items] == [None, *([str(n)] for n in range(1, 20))]
    assert all(item["headers"]["Prefer"] == 'IdType="ImmutableId"' and item["method"] == "GET" for item in items)


async def test_locate_knows_gone_from_there(graph: Any, desk: Any, reply: Any) -> None:
    """A 404 is None, and those behind it in the chain are asked again, in fours without order."""
    mailbox = Mailbox(graph, reply)
    mailbox.plan = {"M3": [GONE], "M9": [GONE]}
    found = await desk.reader.locate(ids(12))
    assert [name for name, place in found.items() if place is None] == ["M3", "M9"]
    assert len(found) == 12
    assert [len(items) for items in mailbox.batches] == [12, 4, 4]
    assert not any("dependsOn" in item for items in mailbox.batches[1:] for item in items)


async def test_locate_waits_for_throttled_items(graph: Any, desk: Any, reply: Any) -> None:
    """What Graph puts off is asked for again after the longest pause that it named."""
    mailbox = Mailbox(graph, reply)
    mailbox.plan = {"M1": [later("0.5"), later("20")], "M2": [later(None, 503)]}
    found = await desk.reader.locate(ids(4))
    assert list(found.values()).count(None) == 0
    assert len(found) == 4
    assert sum(desk.clock.slept) >= 20.5


@pytest.mark.parametrize(("status", "error"), [(429, Throttled), (503, GraphUnavailable)])
async def test_locate_gives_up(graph: Any, desk: Any, reply: Any, status: int, error: type[Exception]) -> None:
    """Not known is never None: when Graph does not say, there is no answer at all."""
    mailbox = Mailbox(graph, reply)
    mailbox.plan = {"M1": [later(None, status)] * 50}
    with pytest.raises(error):
        await desk.reader.locate(ids(3))
    assert len(mailbox.batches) == MAX_ATTEMPTS


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 401}, NeedsSignIn),
        ({"status": 403, "body": {"error": {"code": "ErrorAccessDenied"}}}, Refused),
        ({"status": 404, "body": {"error": {"code": "MailboxNotEnabledForRESTAPI"}}}, Refused),
        ({"status": 424}, AnswerGarbled),
        ({"status": 200, "body": {"id": "M2", "parentFolderId": "X"}}, AnswerGarbled),
        ({"status": 200, "body": {"id": "m1", "parentFolderId": "X"}}, AnswerGarbled),
        ({"status": 200, "body": {"id": "M1"}}, AnswerGarbled),
        ({"status": 200, "body": {"id": "M1", "parentFolderId": "X", "body": {}}}, BodyOffered),
        ({"status": 200}, AnswerGarbled),
    ],
)
async def test_locate_refuses_to_guess(
    graph: Any, desk: Any, reply: Any, answer: dict[str, Any], error: type[Exception]
) -> None:
    """About another message, with a body, half, without permission: no place is made of it."""
    Mailbox(graph, reply).plan = {"M1": [answer]}
    graph.handler.__self__.plan["M1"] = [answer]
    with pytest.raises(error):
        await desk.reader.locate([MessageId("M1")])


async def test_locate_of_nothing_asks_nothing(graph: Any, desk: Any) -> None:
    """An empty list is an empty answer."""
    assert await desk.reader.locate([]) == {}
    assert graph.requests == []


async def test_locate_of_many_is_split(graph: Any, desk: Any, reply: Any) -> None:
    """45 messages are three batches; one named twice is asked for once."""
    mailbox = Mailbox(graph, reply)
    assert len(await desk.reader.locate([*ids(45), *ids(3)])) == 45
    assert [len(items) for items in mailbox.batches] == [20, 20, 5]


@pytest.mark.parametrize("bad", ["../me", "a/b", "A?$expand=attachments", "", "a b"])
async def test_id_that_is_no_id_is_not_sent(graph: Any, desk: Any, bad: str) -> None:
    """An id can't carry a path or options."""
    with pytest.raises(ValueError, match="not an id"):
        await desk.reader.locate([MessageId(bad)])
    assert graph.requests == []


async def test_messages_are_read_live(graph: Any, desk: Any, reply: Any, whole: Any) -> None:
    """Subjects for the owner's eyes come from Graph each time; what is gone or broken is left out."""
    mailbox = Mailbox(graph, reply)
    mailbox.plan = {"M0": [{"status": 200, "body": whole("M0")}], "M1": [GONE]}
    mailbox.plan["M2"] = [{"status": 200, "body": whole("M2", subject=7)}] * 2
    found = await desk.reader.messages(ids(3))
    assert {name: message.subject for name, message in found.items()} == {"M0": "subject of M0"}
    assert all(item["url"].endswith(f"?{Asked.WITH_LIST_ID.value}") for items in mailbox.batches for item in items)


async def test_messages_of_others_are_refused(graph: Any, desk: Any, reply: Any, whole: Any) -> None:
    """A message that was not asked for is shown to nobody."""
    Mailbox(graph, reply).plan["M0"] = [{"status": 200, "body": whole("M7")}]
    with pytest.raises(AnswerGarbled):
        await desk.reader.messages(ids(1))


class Tree:
    """A mailbox of folders: special ones by name, the rest by listing."""

    def __init__(self, graph: Any, reply: Any) -> None:
        self.special = {"inbox": "IN", "deleteditems": "BIN", "drafts": "DR", "outbox": "OUT", "sentitems": "SENT"}
        self.special |= {"recoverableitemsdeletions": "REC", "msgfolderroot": "ROOT"}
        self.children: dict[str, list[str]] = {
            "ROOT": ["IN", "BIN", "DR", "OUT", "SENT", "Bills", "Play"],
            "Bills": ["Old"],
            "Old": ["Older"],
            "BIN": ["Binned"],
        }
        self._graph, self._reply = graph, reply
        graph.handler = self.handle

    def folder(self, name: str, parent: str | None = "ROOT") -> dict[str, Any]:
        count = len(self.children.get(name, ()))
        return {"id": name, "displayName": name, "parentFolderId": parent, "childFolderCount": count}

    def handle(self, request: Any) -> Any:
        if request.verb == "POST":
            return self._reply.of({"responses": [self.named(item) for item in request.items]})
        path, _, query = request.target.removeprefix("/v1.0/me/mailFolders").partition("?")
        parent = path.split("/")[1] if path else "ROOT"
        names = self.children.get(parent, [])
        start = int(re.search(r"\$skip=(\d+)", query)[1]) if "$skip=" in query else 0  # type: ignore[index]  # it matches
        page: dict[str, Any] = {"value": [self.folder(name, None) for name in names[start : start + 3]]}
        if start + 3 < len(names):
            page["@odata.nextLink"] = f"{self._graph.root}/me/mailFolders{path}?$skip={start + 3}"
        return self._reply.of(page)

    def named(self, item: dict[str, Any]) -> dict[str, Any]:
        name = re.split(r"[/?]", item["url"])[3]
        if name not in self.special:
            return {"id": item["id"], **GONE}
        return {"id": item["id"], "status": 200, "body": self.folder(self.special[name])}


async def test_folders_are_all_there(graph: Any, desk: Any, reply: Any) -> None:
    """All pages, all levels, hidden ones asked for, special ones known by id, even those in no list."""
    Tree(graph, reply)
    folders = {folder.id: folder for folder in await desk.reader.folders()}
    assert set(folders) == {"IN", "BIN", "DR", "OUT", "SENT", "Bills", "Play", "Old", "Older", "Binned", "REC", "ROOT"}
    assert (folders["BIN"].well_known, folders["REC"].well_known, folders["Bills"].well_known) == (
        "deleteditems",
        "recoverableitemsdeletions",
        None,
    )
    assert (folders["Older"].parent_id, folders["Binned"].parent_id) == ("Old", "BIN")
    listings = [request.target for request in graph.requests if request.verb == "GET" and "$skip" not in request.target]
    assert all("$select=" in target and "includeHiddenFolders=true" in target for target in listings)


async def test_folders_carry_the_proof(graph: Any, desk: Any, reply: Any) -> None:
    """From reading to allowing: the owner's folders may be moved to, the bin and what is in it may not."""
    Tree(graph, reply)
    folders = {folder.id: folder for folder in await desk.reader.folders()}
    denied = denied_folders(folders.values())
    assert allow(folders["Older"], denied=denied).id == "Older"
    for name in ("BIN", "Binned", "REC", "DR", "OUT", "SENT", "ROOT"):
        with pytest.raises(FolderRefused):
            allow(folders[name], denied=denied)


async def test_folder_below_itself_is_visited_once(graph: Any, desk: Any, reply: Any) -> None:
    """A tree that runs in a circle ends."""
    Tree(graph, reply).children["Older"] = ["Bills", "IN"]
    assert len(await desk.reader.folders()) == 12


async def test_unknown_special_folders_are_an_error(graph: Any, desk: Any, reply: Any) -> None:
    """If Graph won't say which folder is the bin, nothing is listed."""
    tree = Tree(graph, reply)
    tree.named = lambda item: {"id": item["id"], "status": 403}  # type: ignore[method-assign]  # will not say
    with pytest.raises(Refused):
        await desk.reader.folders()
