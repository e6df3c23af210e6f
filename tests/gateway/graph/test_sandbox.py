"""The same code against the sandbox, which keeps Microsoft's rules: scan, move, undo, and what goes wrong between."""

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from gateway.graph.calls import GraphCalls
from gateway.graph.endpoint import Endpoint
from gateway.graph.errors import AnswerGarbled, LinkRefused, SyncStateLost
from gateway.graph.folder import MailFolder, allow, denied_folders, origin
from gateway.graph.gate import Gate
from gateway.graph.link import Asked
from gateway.graph.message import GraphFolderId, Message, MessageId
from gateway.graph.mover import Moved as Done
from gateway.graph.mover import Mover, NotRun, PutOff, Unknown
from gateway.graph.reader import Reader
from gateway.graph.transport import Connection, Transport
from sandbox.testing import RunningSandbox, start

SCOPES = ("User.Read", "Mail.ReadWrite")
MAIL = 60
PAGE = 25
MOVE = "POST /me/messages/{message}/move"
DELTA = "GET /me/mailFolders/{folder}/messages/delta"


@pytest.fixture(scope="module")
def running(tls: tuple[Path, ssl.SSLContext], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    authority = tls[0]
    files = {"certificate": authority.with_name("leaf.pem"), "key": authority.with_name("leaf.key")}
    sandbox = start(tmp_path_factory.mktemp("sandbox"), authority, **files, service_milliseconds=1)
    yield sandbox
    sandbox.stop()


class Grant:
    """A token source that keeps the newest token, as MSAL does."""

    def __init__(self, running: RunningSandbox) -> None:
        self._running = running
        self._token = running.access_token(*SCOPES)

    async def __call__(self, claims: str | None, refused: str | None = None) -> str:  # noqa: ARG002  # it always asks
        if claims is not None:
            self._token = self._running.sign_in(*SCOPES, claims=claims)["access_token"]
        return self._token


@pytest.fixture(scope="module")
def grant(running: RunningSandbox) -> Grant:
    return Grant(running)


@pytest.fixture
def sandbox(running: RunningSandbox) -> Iterator[RunningSandbox]:
    running.faults()
    running.control("DELETE", "/requests")
    yield running
    running.faults()


@pytest.fixture
def mail(sandbox: RunningSandbox) -> list[MessageId]:
    """New mail in the inbox; its immutable ids."""
    base = {"sender_name": "Ann", "sender_address": "ann@example.test", "received_at": "2026-11-01T10:00:00+00:00"}
    messages = [{"subject": f"Message {number}"} | base for number in range(MAIL)]
    return [MessageId(one) for one in sandbox.control("POST", "/messages", {"messages": messages})["immutable_ids"]]


@pytest.fixture
async def transport(sandbox: RunningSandbox, grant: Grant, clock: Any) -> AsyncIterator[Transport]:
    async with Connection.open(
        Endpoint.parse(sandbox.graph), clock, GraphCalls(CollectorRegistry()), authority=sandbox.authority
    ) as connection:
        yield Transport(connection, grant, Gate(clock))


@pytest.fixture
def reader(transport: Transport) -> Reader:
    return Reader(transport, Asked.WITH_LIST_ID)


@pytest.fixture
def mover(transport: Transport) -> Mover:
    return Mover(transport)


async def named(reader: Reader, well_known: str) -> MailFolder:
    return next(folder for folder in await reader.folders() if folder.well_known == well_known)


async def scan(reader: Reader, folder: MailFolder) -> list[Message]:
    found: list[Message] = []
    link = reader.first_page(folder.id, PAGE, total=folder.total)
    while link is not None:
        page = await reader.page(link)
        found += page.messages
        link = page.next
        assert page.broken == ()
    return found


def moves(sandbox: RunningSandbox, ids: list[MessageId]) -> list[int]:
    """How often each message was moved, as the sandbox counted."""
    counted = {row["immutable_id"]: row["moves"] for row in sandbox.control("GET", "/state")["messages"]}
    return [counted[one] for one in ids]


async def test_scan_move_and_undo(sandbox: RunningSandbox, reader: Reader, mover: Mover, mail: list[MessageId]) -> None:
    """All mail is read in pages, moved in chains, found where it went, and brought back, each once each way."""
    inbox, archive = await named(reader, "inbox"), await named(reader, "archive")
    denied = denied_folders(await reader.folders())
    assert set(mail) <= {message.id for message in await scan(reader, inbox)}
    chains = [mail[start : start + 20] for start in range(0, MAIL, 20)]
    there = await asyncio.gather(*(mover.move(chain, allow(archive, denied=denied)) for chain in chains))
    assert [outcome for chain in there for outcome in chain] == [Done(one) for one in mail]
    assert await reader.locate(mail) == dict.fromkeys(mail, archive.id)
    back = await asyncio.gather(*(mover.move(chain, origin(inbox.id)) for chain in chains))
    assert [outcome for chain in back for outcome in chain] == [Done(one) for one in mail]
    assert await reader.locate(mail) == dict.fromkeys(mail, inbox.id)
    assert moves(sandbox, mail) == [2] * MAIL


async def test_every_call_is_as_promised(
    sandbox: RunningSandbox, reader: Reader, mover: Mover, mail: list[MessageId]
) -> None:
    """As the sandbox saw it: immutable ids and a $select on every call and item, four at work at most, moves only."""
    inbox, archive = await named(reader, "inbox"), await named(reader, "archive")
    await asyncio.gather(scan(reader, inbox), reader.locate(mail), reader.messages(mail), reader.me())
    await asyncio.gather(*(mover.move(mail[at : at + 10], origin(archive.id)) for at in range(0, MAIL, 10)))
    seen = sandbox.control("GET", "/requests")["requests"]
    assert all('IdType="ImmutableId"' in call["headers"]["prefer"] for call in seen)
    inner = [call for call in seen if call["route"] != "/$batch"]
    assert all("$select" in call["options"] or "$skiptoken" in call["options"] for call in inner)
    assert not [call for call in seen if call["status"] == 429]
    assert max(call["running"] for call in seen) <= 4
    assert {f"{call['method']} {call['route']}" for call in inner if call["method"] != "GET"} == {MOVE}


async def test_no_canary_reaches_us(
    sandbox: RunningSandbox, reader: Reader, mover: Mover, mail: list[MessageId]
) -> None:
    """The sandbox marks every field that we don't select and ignores our $select on moves: no mark stays with us."""
    sandbox.faults({"fault": "move_ignores_select", "rate": 1.0})
    inbox, archive = await named(reader, "inbox"), await named(reader, "archive")
    kept = [await scan(reader, inbox), await reader.messages(mail[:20]), await reader.folders()]
    kept.append([await mover.move(mail[:20], origin(archive.id))])
    await reader.locate(mail[:1])
    gc.collect()
    makers = ("gateway", "httpx", "httpcore", "h11", "msgspec")
    ours = [found for found in gc.get_objects() if str(type(found).__module__).startswith(makers)]
    texts = [part for found in (*ours, *kept) for part in gc.get_referents(found)]
    assert not [text for text in texts if "canary-" in (text if isinstance(text, str) else repr(text))]


async def test_the_list_of_a_message_and_no_other_header(
    sandbox: RunningSandbox, reader: Reader, transport: Transport
) -> None:
    """On a page and by id the bare List-Id arrives; a Mail.ReadBasic grant is never asked for one."""
    base = {"subject": "Issue 12", "sender_name": "Ann", "sender_address": "ann@example.test"}
    listed = base | {"received_at": "2026-11-01T10:00:00+00:00", "list_id": "Tide & Signal <Weekly.Tide.example>"}
    (one,) = sandbox.control("POST", "/messages", {"messages": [listed]})["immutable_ids"]
    inbox = await named(reader, "inbox")
    assert {message.id: message.list_id for message in await scan(reader, inbox)}[one] == "weekly.tide.example"
    assert (await reader.messages([one]))[one].list_id == "weekly.tide.example"
    plain = Reader(transport, Asked.METADATA)
    assert {message.id: message.list_id for message in await scan(plain, inbox)}[one] is None
    assert (await plain.messages([one]))[one].list_id is None


async def test_reset_after_a_move_is_read_back(
    sandbox: RunningSandbox, reader: Reader, mover: Mover, mail: list[MessageId]
) -> None:
    """The connection breaks in the middle of a chain: unknown, then located, then only the rest is moved."""
    archive = await named(reader, "archive")
    sandbox.faults({"fault": "reset_after_move", "nth": [8]})
    chain = mail[:20]
    assert await mover.move(chain, origin(archive.id)) == [Unknown(one) for one in chain]
    places = await reader.locate(chain)
    rest = [one for one in chain if places[one] != archive.id]
    assert 0 < len(rest) < 20
    assert await mover.move(rest, origin(archive.id)) == [Done(one) for one in rest]
    assert moves(sandbox, chain) == [1] * 20


async def test_throttled_chain_goes_back_to_the_caller(
    sandbox: RunningSandbox, reader: Reader, mover: Mover, mail: list[MessageId]
) -> None:
    """One 429 in a chain: those before it are moved, it is put off, those behind it were not run."""
    archive = await named(reader, "archive")
    sandbox.faults({"fault": "throttle", "route": MOVE, "nth": [3], "retry_after": "0.249"})
    outcomes = await mover.move(mail[:5], origin(archive.id))
    assert outcomes == [Done(mail[0]), Done(mail[1]), PutOff(mail[2], 0.249), NotRun(mail[3]), NotRun(mail[4])]
    assert moves(sandbox, mail[:5]) == [1, 1, 0, 0, 0]


async def test_round_after_round(sandbox: RunningSandbox, reader: Reader, mail: list[MessageId]) -> None:
    """The deltaLink of one round, stored and resumed, brings only what the owner did since."""
    inbox, archive = await named(reader, "inbox"), await named(reader, "archive")
    page = await reader.page(reader.first_page(inbox.id, 1000, total=inbox.total))
    while page.next is not None:
        page = await reader.page(page.next)
    assert page.delta is not None
    sandbox.control("POST", "/moves", {"moves": [{"id": mail[0], "destination": archive.id}, {"id": mail[1]}]})
    changed = await reader.page(reader.resumed(GraphFolderId(inbox.id), page.delta.url, 1000))
    assert set(changed.removed) == set(mail[:2])
    assert await reader.locate(mail[:3]) == {mail[0]: archive.id, mail[1]: None, mail[2]: inbox.id}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("foreign_next_link", LinkRefused),
        ("pagination_loop", LinkRefused),
        ("stale_delta", SyncStateLost),
        ("garbage_json", AnswerGarbled),
    ],
)
async def test_page_that_goes_wrong(
    sandbox: RunningSandbox, reader: Reader, mail: list[MessageId], fault: str, error: type[Exception]
) -> None:
    """A foreign link, a loop, a lost position, garbage: each is its own error, and nothing is followed."""
    assert mail
    inbox = await named(reader, "inbox")
    sandbox.faults({"fault": fault, "route": DELTA, "rate": 1.0})
    with pytest.raises(error):
        await scan(reader, inbox)


@pytest.mark.parametrize(
    "fault", ["throttle", "unavailable", "reset_before", "claims_challenge", "duplicate_delta_entry"]
)
async def test_scan_gets_through(sandbox: RunningSandbox, reader: Reader, mail: list[MessageId], fault: str) -> None:
    """What passes is waited for: the scan finds every message, each once in its page."""
    inbox = await named(reader, "inbox")
    sandbox.faults({"fault": fault, "route": DELTA, "nth": [1, 3]})
    assert set(mail) <= {message.id for message in await scan(reader, inbox)}
