"""The body is never read: not returned, not raised, not kept."""

import gc
import json
import types
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.graph.errors import GraphError, NeedsSignIn
from gateway.graph.folder import origin
from gateway.graph.message import GraphFolderId, MessageId
from gateway.graph.wire import Broken

INBOX = GraphFolderId("INBOX")
A = MessageId("A")


def poisoned(whole: Any, canary: str) -> dict[str, Any]:
    """Everything that we never ask for, in one message."""
    marked = {"content": canary, "contentType": "html"}
    return dict(
        whole("A", body=marked, bodyPreview=canary, uniqueBody=marked, attachments=[{"name": canary}]),
        internetMessageHeaders=[{"name": "X", "value": canary}],
        webLink=canary,
    )


def property_of(canary: str) -> list[dict[str, str]]:
    """The whole head of a message, as a named property."""
    return [{"id": "String 0x007D", "value": canary}]


def cases(whole: Any, canary: str) -> dict[str, tuple[str, object]]:
    message = poisoned(whole, canary)
    extra = whole("A", uniqueThing={"content": canary}, internetMessageHeaders=[canary])
    named = whole("A", singleValueExtendedProperties=property_of(canary))
    error = {"error": {"code": canary, "message": canary, "innerError": {"x": canary}}}
    return {
        "page with bodies": ("page", {"value": [message]}),
        "page that is one message": ("page", message),
        "page with broken body entry": ("page", {"value": [{**message, "subject": 5, "id": canary}]}),
        "page with other fields": ("page", {"value": [extra]}),
        "page with a property": ("page", {"value": [named]}),
        "message with a property": (
            "messages",
            {
                "responses": [
                    {"id": "1", "status": 200, "body": whole("A", singleValueExtendedProperties=property_of(canary))}
                ]
            },
        ),
        "page that is garbage": ("page", [canary]),
        "page with a foreign link": ("page", {"value": [extra], "@odata.nextLink": f"https://{canary}/"}),
        "places with bodies": ("locate", {"responses": [{"id": "1", "status": 200, "body": message}]}),
        "places with other fields": ("locate", {"responses": [{"id": "1", "status": 200, "body": extra}]}),
        "places with errors": ("locate", {"responses": [{"id": "1", "status": 403, "body": error}]}),
        "places that are garbage": ("locate", {"responses": [{"id": canary, "status": 200, "body": extra}]}),
        "messages with bodies": ("messages", {"responses": [{"id": "1", "status": 200, "body": message}]}),
        "messages with other fields": ("messages", {"responses": [{"id": "1", "status": 200, "body": extra}]}),
        "move with whole messages": ("move", {"responses": [{"id": "1", "status": 201, "body": message}]}),
        "move with errors": ("move", {"responses": [{"id": "1", "status": 403, "body": error}]}),
        "move that is garbage": ("move", [canary]),
        "me with a body": ("me", {"id": "me", "aboutMe": canary, "body": canary}),
        "settings with an automatic reply": (
            "time_zone",
            {"timeZone": "UTC", "automaticRepliesSetting": {"internalReplyMessage": canary}},
        ),
        "settings with a zone of the owner's": ("time_zone", {"timeZone": canary}),
        "folders with bodies": ("folders", {"responses": [{"id": "1", "status": 200, "body": message}]}),
    }


NAMES = list(cases(lambda _, **fields: fields, ""))


def reachable(root: object) -> Iterator[object]:
    """What can be reached from root: attributes, items, slots, causes, contexts, and the frames of a traceback."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        found = waiting.pop()
        if id(found) in seen or isinstance(found, type | types.ModuleType | types.FunctionType | types.CodeType):
            continue
        seen.add(id(found))
        yield found
        if isinstance(found, types.FrameType):
            waiting += [] if "/tests/" in found.f_code.co_filename else list(found.f_locals.values())
        elif isinstance(found, BaseException):
            waiting += [found.args, found.__dict__, found.__cause__, found.__context__, found.__traceback__]
        elif isinstance(found, types.TracebackType):
            waiting += [found.tb_frame, found.tb_next]
        elif type(found).__module__.startswith(("gateway", "builtins", "msgspec")):
            waiting += [getattr(found, name, None) for name in getattr(type(found), "__slots__", ())]
            waiting += gc.get_referents(found)


def has(root: object, canary: str) -> list[str]:
    """The types of the reachable objects in which the canary sings."""
    hits = []
    for found in reachable(root):
        text = bytes(found).decode("utf-8", "replace") if isinstance(found, bytes | bytearray | memoryview) else found
        if isinstance(text, str) and canary in text:
            hits.append(type(found).__name__)
        elif type(found).__name__ == "Raw":
            hits.append("Raw")
    return hits


async def ask(desk: Any, verb: str) -> object:
    calls = {
        "page": lambda: desk.reader.page(desk.reader.first_page(INBOX, 10)),
        "locate": lambda: desk.reader.locate([A]),
        "messages": lambda: desk.reader.messages([A]),
        "move": lambda: desk.mover.move([A], origin(INBOX)),
        "me": desk.reader.me,
        "time_zone": desk.reader.time_zone,
        "folders": desk.reader.folders,
    }
    try:
        return await calls[verb]()
    except GraphError as error:
        return error


@pytest.mark.parametrize("name", NAMES)
async def test_canary_never_sings(desk: Any, serve: Any, whole: Any, canary: str, name: str) -> None:
    """Neither what is returned, nor the error with its causes and frames, nor our objects hold it."""
    verb, document = cases(whole, canary)[name]
    serve(document)
    outcome = await ask(desk, verb)
    assert has(outcome, canary) == []
    ours = [desk.reader, desk.mover, desk.transport, desk.gate]
    assert [hit for thing in ours for hit in has(vars(thing), canary)] == []


async def test_canary_is_gone_from_memory(graph: Any, desk: Any, reply: Any, whole: Any, canary: str) -> None:
    """After a move and the call that follows, no object of ours or of the HTTP library holds what the answer held."""
    content = json.dumps({"responses": [{"id": "1", "status": 201, "body": poisoned(whole, canary)}]}).encode()
    graph.replies = [reply(200, content), reply(200, b"{}")]
    await ask(desk, "move")
    await ask(desk, "move")
    gc.collect()
    makers = ("gateway", "httpx", "httpcore", "h11")
    known = [found for found in gc.get_objects() if str(type(found).__module__).startswith(makers)]
    parts = [part for found in known for part in gc.get_referents(found) if isinstance(part, str | bytes | bytearray)]
    assert known
    assert [hit for part in parts for hit in has(part, canary)] == []


def test_this_search_would_hear_it(canary: str) -> None:
    """It finds a canary in an item, an attribute, a slot, a context, and the locals of a frame."""
    sing = "def sing(text):\n    kept = text.encode()\n    raise ValueError(len(kept))"
    scope: dict[str, Any] = {}
    exec(compile(sing, "elsewhere.py", "exec"), scope)  # noqa: S102  # a frame that is not of a test
    with pytest.raises(ValueError, match="26") as raised:
        scope["sing"](canary)
    assert "bytes" in has(raised.value, canary)
    outer = NeedsSignIn()
    outer.__context__ = raised.value
    assert "bytes" in has(outer, canary)
    assert has([{"a": (canary,)}], canary) == ["str"]
    assert has(Broken(MessageId(canary)), canary) == ["str"]
