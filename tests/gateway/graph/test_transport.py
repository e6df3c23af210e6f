"""Calls go to one host, with one token, four at a time, and end."""

import asyncio
import gzip
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from prometheus_client import CollectorRegistry

from gateway.graph import content
from gateway.graph import transport as transport_module
from gateway.graph.calls import GraphCalls
from gateway.graph.endpoint import Endpoint
from gateway.graph.errors import (
    AnswerTooLarge,
    FolderGone,
    GraphError,
    GraphUnavailable,
    NeedsSignIn,
    Refused,
    SyncStateLost,
    Throttled,
)
from gateway.graph.folder import origin
from gateway.graph.gate import Gate
from gateway.graph.link import Asked, Links
from gateway.graph.message import GraphFolderId, MessageId
from gateway.graph.mover import Mover
from gateway.graph.reader import Reader
from gateway.graph.retry import MAX_ATTEMPTS
from gateway.graph.transport import Connection, Transport

INBOX = GraphFolderId("INBOX")
EMPTY = {"value": []}


async def test_every_call_carries_the_token_and_asks_for_immutable_ids(graph: Any, desk: Any, reply: Any) -> None:
    """Each of the six methods sends Prefer: IdType="ImmutableId", a $select or items that have one, and the token."""
    place = {"id": "A", "parentFolderId": "INBOX"}
    links = Links(desk.transport.endpoint, Asked.METADATA)
    graph.replies = [reply.of({"id": "me"}), reply.of(EMPTY), reply.of(EMPTY)]
    graph.replies += [reply.of({"responses": [{"id": "1", "status": 200, "body": place}]})] * 2
    await desk.reader.me()
    await desk.reader.page(desk.reader.first_page(INBOX, 50))
    await desk.transport.get_folders(links.folders(None))
    await desk.reader.locate([MessageId("A")])
    await desk.reader.messages([MessageId("A")])
    graph.replies = [reply.of(EMPTY)]
    await desk.reader.written_to(1000)
    for request in graph.requests:
        assert 'IdType="ImmutableId"' in request.headers["prefer"]
        assert request.headers["authorization"] == "Bearer token-plain"
        assert request.headers["host"] == urlsplit(graph.origin).netloc
        assert "$select=" in request.target or all("$select=" in item["url"] for item in request.items)
    assert graph.requests[1].headers["prefer"].endswith("odata.maxpagesize=50")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_not_followed(graph: Any, desk: Any, reply: Any, elsewhere: Any, status: int) -> None:
    """A redirect is a refusal: neither the token nor the call goes to the other host."""
    location = f"{elsewhere.root}/me/mailFolders/INBOX/messages/delta"
    graph.replies = [reply(status, b"", {"Location": location})]
    with pytest.raises(Refused) as refused:
        await desk.reader.page(desk.reader.first_page(INBOX, 10))
    assert refused.value.reason == "redirect"
    assert (len(graph.requests), elsewhere.connections) == (1, 0)


async def test_redirect_to_itself_is_not_followed(graph: Any, desk: Any, reply: Any) -> None:
    """Not even to the same host: a redirect could lead to an address without $select."""
    graph.replies = [reply(302, b"", {"Location": "/v1.0/me/messages"})]
    with pytest.raises(Refused):
        await desk.reader.me()
    assert len(graph.requests) == 1


async def test_certificate_of_a_stranger_is_refused(impostor: Any, sit: Any) -> None:
    """Who can't prove to be Graph never sees a token."""
    async with sit(impostor) as desk:
        with pytest.raises(GraphUnavailable):
            await desk.reader.me()
    assert impostor.requests == []


async def test_environment_has_no_say(
    graph: Any, sit: Any, reply: Any, elsewhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proxies of the environment would see where we go, and could be anybody's."""
    for name in ("HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, elsewhere.origin)
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with sit(graph) as desk:
        graph.replies = [reply.of({"id": "me"})]
        assert await desk.reader.me() == "me"
    assert elsewhere.connections == 0


async def test_cookies_are_not_kept(graph: Any, desk: Any, reply: Any) -> None:
    """Mailboxes share connections; nothing of one may travel with another's call."""
    graph.replies = [reply(200, b'{"id":"a"}', {"Set-Cookie": "a=b; Path=/"}), reply.of({"id": "a"})]
    await desk.reader.me()
    await desk.reader.me()
    assert "cookie" not in graph.requests[1].headers


async def test_claims_challenge_is_answered_once(graph: Any, desk: Any, reply: Any, challenge: tuple[str, str]) -> None:
    """Graph wants more proof: a token with these claims is asked for, and the call is sent again."""
    claims, header = challenge
    graph.replies = [reply(401, b"{}", {"WWW-Authenticate": header}), reply.of({"id": "me"})]
    assert await desk.reader.me() == "me"
    assert desk.tokens.asked == [None, claims]
    assert graph.requests[1].headers["authorization"] == "Bearer token-with-claims"


async def test_second_challenge_needs_sign_in(graph: Any, desk: Any, reply: Any, challenge: tuple[str, str]) -> None:
    """Even with a source that goes on giving tokens: two challenges are answered, and each time it is told which."""
    graph.handler = lambda _: reply(401, b"{}", {"WWW-Authenticate": challenge[1]})
    with pytest.raises(NeedsSignIn):
        await desk.reader.me()
    assert len(graph.requests) == 3
    assert desk.tokens.refused == [None, "token-plain", "token-with-claims"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        'Bearer error="invalid_token"',
        'Bearer error="invalid_token", claims="e30="',
        'Bearer error="insufficient_claims"',
        'Bearer error="insufficient_claims", claims="!!"',
        'Bearer error="insufficient_claims", claims="A"',
        'Bearer error="insufficient_claims", claims="/w=="',
        f'Bearer error="insufficient_claims", claims="{"QUFB" * 9000}"',
    ],
)
async def test_other_401_needs_sign_in(graph: Any, desk: Any, reply: Any, header: str) -> None:
    """Without a usable challenge nothing is tried again."""
    graph.replies = [reply(401, b"{}", {"WWW-Authenticate": header} if header else {})]
    with pytest.raises(NeedsSignIn):
        await desk.reader.me()
    assert desk.tokens.asked == [None]


@pytest.mark.parametrize("status", [429, 503, 504])
@pytest.mark.parametrize("header", ["7", "0.249"])
async def test_retry_after_is_honoured(graph: Any, desk: Any, reply: Any, status: int, header: str) -> None:
    """The call comes again, and not sooner than Graph said; decimals too."""
    graph.replies = [reply(status, b"{}", {"Retry-After": header}), reply.of({"id": "me"})]
    assert await desk.reader.me() == "me"
    assert sum(desk.clock.slept) >= float(header)


async def test_attempts_are_bounded(graph: Any, desk: Any, reply: Any) -> None:
    """A Graph that is down is told so, after a few attempts with growing pauses."""
    graph.handler = lambda _: reply(503)
    with pytest.raises(GraphUnavailable):
        await desk.reader.me()
    assert len(graph.requests) == MAX_ATTEMPTS
    assert desk.clock.slept == sorted(desk.clock.slept)


async def test_long_throttling_is_handed_on(graph: Any, desk: Any, reply: Any) -> None:
    """A pause of an hour is not waited for within a call, and holds the mailbox's other calls too."""
    graph.replies = [reply(429, b"{}", {"Retry-After": "3600"})]
    with pytest.raises(Throttled) as throttled:
        await desk.reader.me()
    assert throttled.value.retry_after == 3600
    with pytest.raises(Throttled):
        await desk.reader.me()
    assert (len(graph.requests), desk.clock.slept) == (1, [])


async def test_broken_connection_is_tried_again(graph: Any, desk: Any, reply: Any) -> None:
    """A read that met a reset, half an answer or a server that speaks no HTTP is asked again."""
    graph.replies = [reply(then="reset"), reply(200, b'{"id"', length=100, then="close"), reply.of({"id": "me"})]
    assert await desk.reader.me() == "me"


async def test_silent_server_is_left(graph: Any, desk: Any, reply: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that never ends is given up after the time for one call."""
    monkeypatch.setattr(transport_module, "CALL_SECONDS", 0.05)

    async def silent(_: object) -> Any:
        await asyncio.sleep(3)
        return reply.of({"id": "me"})

    graph.handler = silent
    with pytest.raises(GraphUnavailable):
        await desk.reader.me()


async def test_huge_answer_is_refused(graph: Any, desk: Any, reply: Any) -> None:
    """More than the limit is not read, said or not."""
    graph.replies = [reply(200, b" " * (content.MAX_ANSWER + 1))]
    with pytest.raises(AnswerTooLarge):
        await desk.reader.me()


async def test_small_answer_that_inflates_is_refused(graph: Any, desk: Any, reply: Any) -> None:
    """A decompression bomb goes off in nobody's memory."""
    bomb = gzip.compress(b" " * (content.MAX_ANSWER + 1))
    assert len(bomb) < 20_000
    graph.replies = [reply(200, bomb, {"Content-Encoding": "gzip"})]
    with pytest.raises(AnswerTooLarge):
        await desk.reader.me()


async def test_gzip_is_understood(graph: Any, desk: Any, reply: Any) -> None:
    """Pages are eight times smaller with it."""
    graph.replies = [reply(200, gzip.compress(b'{"id":"me"}'), {"Content-Encoding": "gzip"})]
    assert await desk.reader.me() == "me"
    assert graph.requests[0].headers["accept-encoding"] == "gzip"


async def test_gzip_that_ends_early_is_no_answer(graph: Any, desk: Any, reply: Any) -> None:
    """Even if what came so far reads well: its checksum is missing."""
    graph.handler = lambda _: reply(200, gzip.compress(b'{"id":"me"}')[:-8], {"Content-Encoding": "gzip"})
    with pytest.raises(GraphUnavailable):
        await desk.reader.me()


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip"])
async def test_other_codings_are_refused(graph: Any, desk: Any, reply: Any, coding: str) -> None:
    """We asked for gzip."""
    graph.handler = lambda _: reply(200, b'{"id":"me"}', {"Content-Encoding": coding})
    with pytest.raises(GraphUnavailable):
        await desk.reader.me()


@pytest.mark.parametrize(
    "case",
    [
        (400, "BadRequest", Refused),
        (400, "SyncStateNotFound", SyncStateLost),
        (403, "ErrorAccessDenied", Refused),
        (404, "ErrorItemNotFound", FolderGone),
        (404, "MailboxNotEnabledForRESTAPI", Refused),
        (410, "SyncStateNotFound", SyncStateLost),
        (410, "canary", SyncStateLost),
        (418, "canary", Refused),
        (204, "", Refused),
    ],
)
async def test_errors_are_a_closed_family(
    graph: Any, desk: Any, reply: Any, case: tuple[int, str, type[GraphError]]
) -> None:
    """Each refusal has its type; what the server wrote beside it is in none."""
    status, code, error = case
    graph.replies = [reply.of({"error": {"code": code, "message": "canary"}} if code else {}, status)]
    with pytest.raises(error) as raised:
        await desk.reader.page(desk.reader.first_page(INBOX, 10))
    assert "canary" not in f"{raised.value} {raised.value.__dict__}"


async def test_never_more_than_four_in_flight(graph: Any, desk: Any, reply: Any) -> None:
    """Reader and Mover of one mailbox share four places, and use them."""
    arrived, go = asyncio.Semaphore(0), asyncio.Event()

    async def hold(_: object) -> Any:
        arrived.release()
        await go.wait()
        return reply.of({"id": "me"})

    graph.handler = hold
    calls = [asyncio.create_task(desk.reader.me()) for _ in range(12)]
    for _ in range(4):
        await arrived.acquire()
    with pytest.raises(TimeoutError):  # a fifth one would be here by then
        await asyncio.wait_for(arrived.acquire(), 0.1)
    go.set()
    await asyncio.gather(*calls)
    assert graph.most_in_flight == 4


async def test_batch_costs_its_items(graph: Any, desk: Any, reply: Any) -> None:
    """Each item of a batch counts towards the 10,000, for reads and for moves."""
    gate = Gate(desk.clock, limit=21)
    transport = Transport(desk.connection, desk.tokens, gate)
    moved = {"responses": [{"id": str(number), "status": 201} for number in range(1, 21)]}
    graph.replies = [reply.of(moved), reply.of({"id": "me"})]
    ids = [MessageId(f"M{number}") for number in range(20)]
    await Mover(transport).move(ids, origin(INBOX))
    assert await Reader(transport, Asked.METADATA).me() == "me"
    with pytest.raises(Throttled):
        await Reader(transport, Asked.METADATA).me()


async def test_gates_of_two_mailboxes_are_apart(graph: Any, desk: Any, reply: Any) -> None:
    """One mailbox's pause is not another's."""
    other = Reader(Transport(desk.connection, desk.tokens, Gate(desk.clock)), Asked.METADATA)
    graph.replies = [reply(429, b"{}", {"Retry-After": "3600"}), reply.of({"id": "other"})]
    with pytest.raises(Throttled):
        await desk.reader.me()
    assert await other.me() == "other"


async def test_token_that_is_no_header_is_not_sent(graph: Any, desk: Any) -> None:
    """A token with a line break can't add a header, nor appear in the error."""

    async def split(_: str | None) -> str:
        return "canary\r\nHost: evil.example"

    with pytest.raises(GraphUnavailable) as raised:
        await Reader(Transport(desk.connection, split, desk.gate), Asked.METADATA).me()
    assert graph.requests == []
    assert raised.value.__context__ is None


async def test_no_sign_in_no_call(graph: Any, desk: Any) -> None:
    """A token source that has none is believed."""

    async def none(_: str | None) -> str:
        raise NeedsSignIn

    with pytest.raises(NeedsSignIn):
        await Reader(Transport(desk.connection, none, desk.gate), Asked.METADATA).me()
    assert graph.requests == []


async def test_unreachable_host_is_unavailable(clock: Any, tokens: Any, tls: Any) -> None:
    """Nobody listens there."""
    async with Connection.open(
        Endpoint.parse("https://127.0.0.1:10/v1.0"), clock, GraphCalls(CollectorRegistry()), authority=tls[0]
    ) as c:
        with pytest.raises(GraphUnavailable):
            await Reader(Transport(c, tokens, Gate(clock)), Asked.METADATA).me()


async def test_nothing_is_logged(
    graph: Any, desk: Any, reply: Any, caplog: pytest.LogCaptureFixture, whole: Any
) -> None:
    """Not an address, not a token, not a subject: neither by us nor by the library, at any level."""
    caplog.set_level(0)
    graph.replies = [reply.of({"value": [whole("A")]}), reply(500), reply(then="reset"), reply.of({"id": "me"})]
    await desk.reader.page(desk.reader.first_page(INBOX, 10))
    await desk.reader.me()
    ours = [record for record in caplog.records if record.name != "asyncio"]
    assert ours == []


async def test_link_of_a_stranger_is_not_taken(desk: Any, graph: Any) -> None:
    """A thing that merely looks like a link or a batch is refused at run time too."""

    class Lookalike:
        url = graph.root + "/me/messages"
        size = weight = 1
        content = json.dumps({}).encode()

    for method in ("get_page", "get_folders", "post_reads", "post_moves"):
        with pytest.raises(TypeError):
            await getattr(desk.transport, method)(Lookalike())
    assert graph.requests == []
