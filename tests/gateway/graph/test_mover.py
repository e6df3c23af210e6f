"""Moving: one chain, sent once, and every outcome certain or called unknown."""

import json
from typing import Any

import pytest

from gateway.graph.errors import GraphUnavailable, NeedsSignIn, Refused
from gateway.graph.folder import origin
from gateway.graph.message import GraphFolderId, MessageId
from gateway.graph.mover import Failed, Gone, Moved, NotRun, PutOff, Unknown

BILLS = origin(GraphFolderId("Bills"))


def ids(count: int) -> list[MessageId]:
    return [MessageId(f"M{number}") for number in range(count)]


def ended(*statuses: int | dict[str, Any]) -> dict[str, Any]:
    items = [status if isinstance(status, dict) else {"status": status} for status in statuses]
    return {"responses": [{"id": str(number), **item} for number, item in enumerate(items, start=1)]}


async def test_move_is_one_chain(graph: Any, desk: Any, reply: Any) -> None:
    """Twenty moves are one batch in order; each has its $select, immutable ids and its folder."""
    graph.replies = [reply.of(ended(*[201] * 20))]
    assert await desk.mover.move(ids(20), BILLS) == [Moved(name) for name in ids(20)]
    (request,) = graph.requests
    assert (request.verb, request.target) == ("POST", "/v1.0/$batch")
    assert 'IdType="ImmutableId"' in request.headers["prefer"]
    for number, (name, item) in enumerate(zip(ids(20), request.items, strict=True), start=1):
        expected = {
            "id": str(number),
            "method": "POST",
            "url": f"/me/messages/{name}/move?$select=id,parentFolderId",
            "headers": {"Prefer": 'IdType="ImmutableId"', "Content-Type": "application/json"},
            "body": {"destinationId": "Bills"},
        }
        assert item == (expected if number == 1 else {**expected, "dependsOn": [str(number - 1)]})


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"status": 200}, Moved(MessageId("M0"))),
        ({"status": 201, "body": "not a message"}, Moved(MessageId("M0"))),
        ({"status": 404, "body": {"error": {"code": "ErrorItemNotFound"}}}, Gone(MessageId("M0"))),
        ({"status": 404}, Gone(MessageId("M0"))),
        (
            {"status": 404, "body": {"error": {"code": "ErrorToFolderNotFound"}}},
            Failed(MessageId("M0"), "ErrorToFolderNotFound"),
        ),
        ({"status": 429, "headers": {"Retry-After": "0.249"}}, PutOff(MessageId("M0"), 0.249)),
        ({"status": 429}, PutOff(MessageId("M0"), None)),
        ({"status": 424}, NotRun(MessageId("M0"))),
        (
            {"status": 403, "body": {"error": {"code": "ErrorAccessDenied"}}},
            Failed(MessageId("M0"), "ErrorAccessDenied"),
        ),
        ({"status": 409, "body": {"error": {"code": "canary"}}}, Failed(MessageId("M0"), "unknown")),
        ({"status": 500}, Unknown(MessageId("M0"))),
        ({"status": 503, "headers": {"Retry-After": "5"}}, Unknown(MessageId("M0"))),
        ({"status": 504}, Unknown(MessageId("M0"))),
        ({"status": 408}, Unknown(MessageId("M0"))),
        ({"status": 202}, Unknown(MessageId("M0"))),
        ({"status": 302}, Unknown(MessageId("M0"))),
        ({"status": 0}, Unknown(MessageId("M0"))),
        ({}, Unknown(MessageId("M0"))),
    ],
)
async def test_each_status_has_its_outcome(
    graph: Any, desk: Any, reply: Any, answer: dict[str, Any], outcome: object
) -> None:
    """Done, not done, or unknown: there is no fourth."""
    graph.replies = [reply.of(ended(answer))]
    assert await desk.mover.move(ids(1), BILLS) == [outcome]


async def test_broken_chain(graph: Any, desk: Any, reply: Any) -> None:
    """A throttled move stops the rest; all of it goes back to the caller, and the mailbox pauses."""
    graph.replies = [reply.of(ended(201, {"status": 429, "headers": {"Retry-After": "3"}}, 424)), reply.of(ended(201))]
    moved, put_off, not_run = await desk.mover.move(ids(3), BILLS)
    assert (moved, put_off, not_run) == (Moved(ids(3)[0]), PutOff(ids(3)[1], 3.0), NotRun(ids(3)[2]))
    assert desk.clock.slept == []
    await desk.mover.move(ids(1), BILLS)
    assert sum(desk.clock.slept) >= 3


async def test_answer_that_leaves_some_out(graph: Any, desk: Any, reply: Any) -> None:
    """Missing, doubled or foreign items: only what is said once about one of ours counts."""
    answers = ended(201, 201, 201)["responses"]
    graph.replies = [
        reply.of({"responses": [answers[0], answers[2], {**answers[2], "status": 404}, {"id": "7", "status": 201}]})
    ]
    assert await desk.mover.move(ids(3), BILLS) == [Moved(ids(1)[0]), Unknown(ids(2)[1]), Unknown(ids(3)[2])]


@pytest.mark.parametrize("kind", ["reset", "half", "garbage", "huge", "500", "503", "504", "302", "204", "coding"])
async def test_ambiguous_answer_is_unknown_and_never_sent_again(graph: Any, desk: Any, reply: Any, kind: str) -> None:
    """The moves may have run: they are not sent again, and nobody is told that they did or didn't."""
    replies = {
        "reset": reply(then="reset"),
        "half": reply(200, b'{"responses":[', length=500, then="close"),
        "garbage": reply(200, b"<html>"),
        "huge": reply(200, b" " * (16 * 1024 * 1024 + 1)),
        "302": reply(302, b"", {"Location": "/v1.0/$batch"}),
        "coding": reply(200, b"{}", {"Content-Encoding": "br"}),
    }
    graph.replies = [replies.get(kind) or reply(int(kind), b"", {"Retry-After": "1"})]
    assert await desk.mover.move(ids(2), BILLS) == [Unknown(name) for name in ids(2)]
    assert len(graph.requests) == 1


async def test_throttled_batch_is_put_off(graph: Any, desk: Any, reply: Any) -> None:
    """429 for the whole batch: nothing ran, and the caller is told when to come back."""
    graph.replies = [reply(429, b"{}", {"Retry-After": "2.5"})]
    assert await desk.mover.move(ids(2), BILLS) == [PutOff(name, 2.5) for name in ids(2)]
    assert len(graph.requests) == 1


async def test_claims_challenge_ran_nothing(graph: Any, desk: Any, reply: Any, challenge: tuple[str, str]) -> None:
    """After a 401 the chain may be sent again, once, with the claims."""
    graph.replies = [reply(401, b"{}", {"WWW-Authenticate": challenge[1]}), reply.of(ended(201))]
    assert await desk.mover.move(ids(1), BILLS) == [Moved(ids(1)[0])]
    graph.replies = [reply(401)]
    with pytest.raises(NeedsSignIn):
        await desk.mover.move(ids(1), BILLS)


async def test_refused_batch_ran_nothing(graph: Any, desk: Any, reply: Any) -> None:
    """400 and 403 for the batch are errors: no outcome is made up."""
    graph.replies = [reply.of({"error": {"code": "BadRequest", "message": "canary"}}, 400)]
    with pytest.raises(Refused):
        await desk.mover.move(ids(1), BILLS)


async def test_stranger_gets_no_move(impostor: Any, sit: Any) -> None:
    """A connection that was never made moved nothing: an error, not an unknown outcome."""
    async with sit(impostor) as desk:
        with pytest.raises(GraphUnavailable):
            await desk.mover.move(ids(1), BILLS)


@pytest.mark.parametrize("bad", [[], ids(21), [MessageId("A"), MessageId("A")], [MessageId("../x")]])
async def test_chain_is_bounded(graph: Any, desk: Any, bad: list[MessageId]) -> None:
    """1 to 20 messages, each once, with ids that are ids."""
    with pytest.raises(ValueError, match=r"batch|each message once|not an id"):
        await desk.mover.move(bad, BILLS)
    assert graph.requests == []


async def test_folder_needs_a_proof(graph: Any, desk: Any) -> None:
    """A folder's id, or a thing that has one, is no AllowedFolder."""

    class Lookalike:
        id = "DELETEDITEMS"

    for folder in (Lookalike(), "DELETEDITEMS"):
        with pytest.raises(ValueError, match="AllowedFolder"):
            await desk.mover.move(ids(1), folder)
    assert graph.requests == []


async def test_whole_message_in_the_answer_is_skipped(
    graph: Any, desk: Any, reply: Any, whole: Any, canary: str
) -> None:
    """Graph ignores the $select of a move: the status is read all the same, and nothing else."""
    message = whole("M0", body={"content": f"{canary} \ud800"}, bodyPreview=canary, uniqueBody={"content": canary})
    graph.replies = [reply(200, json.dumps(ended({"status": 201, "body": message})).encode())]
    assert await desk.mover.move(ids(1), BILLS) == [Moved(ids(1)[0])]
