"""HTTP to Graph, in six narrow methods. The only module of the gateway's graph package that knows an HTTP library.

Guarantees:
(1) an address comes from a link of graph.link or from this file, so the token goes to the configured host only;
(2) no redirect is followed, no proxy or netrc of the environment is used, no cookie is kept, certificates are verified;
(3) Prefer: IdType="ImmutableId" is on every call;
(4) four calls at a time, 10,000 in 10 minutes (gate), answers of bounded size, in bounded time;
(5) reads are tried again a bounded number of times; moves and new folders never are, except after a 401, when nothing
    ran.
Must never: offer a method that takes a verb, a URL or headers; log; raise with an answer, a request or a cause in it.
"""

import asyncio
import base64
import binascii
import logging
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Final, Protocol, Self, TypeVar

import httpx

from gateway.graph import wire
from gateway.graph.batch import PREFER_IMMUTABLE, MoveBatch, ReadBatch
from gateway.graph.calls import GraphCalls
from gateway.graph.clock import Clock
from gateway.graph.content import CODINGS, Content
from gateway.graph.endpoint import Endpoint
from gateway.graph.errors import (
    NO_MAILBOX_CODES,
    AnswerTooLarge,
    FolderGone,
    GraphError,
    GraphUnavailable,
    NeedsSignIn,
    OutcomeUnknown,
    Refused,
    SyncStateLost,
    Throttled,
    or_raise,
)
from gateway.graph.gate import Gate
from gateway.graph.link import FolderLink, PageLink, SentLink
from gateway.graph.new_folder import Making, NewFolder
from gateway.graph.retry import PASSING, Patience, retry_after

CONNECT_SECONDS: Final = 5.0
SILENCE_SECONDS: Final = 30.0  # between two chunks; Graph itself gives up with 504 after about that
CALL_SECONDS: Final = 90.0  # for a whole answer, so that one that trickles ends too
MAX_CONNECTIONS: Final = 100  # of one process to Graph: 25 mailboxes at 4 each
IDLE_SECONDS: Final = 30.0  # a connection is kept for the next call
MAX_CHALLENGES: Final = 2  # of one call; a second one that repeats the first ends in NeedsSignIn
MAX_CLAIMS: Final = 8_192  # characters of a claims challenge

_REDIRECTION: Final = 3  # first digit of the status
_SYNC_CODES: Final = frozenset({"SyncStateNotFound", "SyncStateInvalid", "resyncRequired"})
Proof = TypeVar("Proof", PageLink, FolderLink, SentLink, ReadBatch, MoveBatch, NewFolder)
_FOLDER_EXISTS: Final = "ErrorFolderExists"
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.LocalProtocolError)
_CLAIMS: Final = re.compile(rf'\bclaims="([A-Za-z0-9+/=_-]{{1,{MAX_CLAIMS}}})"')
_INSUFFICIENT: Final = re.compile(r'\berror="insufficient_claims"')


class TokenSource(Protocol):
    """Gives an access token for one mailbox; raises NeedsSignIn when it has none."""

    async def __call__(self, claims: str | None, refused: str | None = None) -> str:
        """claims: the JSON of a claims challenge that the next token must satisfy, or None for any valid token.

        refused: the token that got this challenge, so that the source can tell a new challenge from a circle.
        """


@dataclass(frozen=True, slots=True)
class _Call:
    verb: str
    url: str = field(repr=False)
    prefer: str = PREFER_IMMUTABLE
    content: bytes | None = field(default=None, repr=False)
    weight: int = 1
    cost: int = 1


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    challenge: str = field(repr=False)
    retry_after: float | None
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Broke:
    """No answer. sent: whether Graph may have got the call."""

    sent: bool


class Connection:
    """TLS connections to one endpoint, shared by all mailboxes of a process."""

    def __init__(self, endpoint: Endpoint, client: httpx.AsyncClient, clock: Clock, calls: GraphCalls) -> None:
        self.endpoint = endpoint
        self.clock = clock
        self._client = client
        self._calls = calls

    @classmethod
    @asynccontextmanager
    async def open(
        cls, endpoint: Endpoint, clock: Clock, calls: GraphCalls, *, authority: Path | None = None
    ) -> AsyncIterator[Self]:
        """calls: where they are counted; authority: the PEM file of the only ones to trust, None for the system's."""
        _silence()
        async with httpx.AsyncClient(
            verify=ssl.create_default_context(cafile=authority),
            http1=True,
            http2=False,
            trust_env=False,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(
                max_connections=MAX_CONNECTIONS,
                max_keepalive_connections=MAX_CONNECTIONS,
                keepalive_expiry=IDLE_SECONDS,
            ),
        ) as client:
            yield cls(endpoint, client, clock, calls)

    async def _exchange(self, call: _Call, token: str) -> _Answer | _Broke | AnswerTooLarge:
        began = self.clock.monotonic()
        outcome = await self._caught(call, token)
        status = outcome.status if isinstance(outcome, _Answer) else None
        self._calls.ended(call.verb, status, self.clock.monotonic() - began)
        return outcome

    async def _caught(self, call: _Call, token: str) -> _Answer | _Broke | AnswerTooLarge:
        """One request, one answer. What httpx raises holds the request with its token, so it ends here."""
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "Prefer": call.prefer,
        }
        if call.content is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await self._streamed(call, headers)
        except _NOT_SENT:
            return _Broke(sent=False)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, TimeoutError, UnicodeError, OSError):
            return _Broke(sent=True)

    async def _streamed(self, call: _Call, headers: Mapping[str, str]) -> _Answer | _Broke | AnswerTooLarge:
        request = self._client.build_request(call.verb, call.url, headers=headers, content=call.content)
        response = await self._client.send(request, stream=True)
        try:
            coding = response.headers.get("Content-Encoding", "").strip().lower()
            return await self._collected(response, Content(coding)) if coding in CODINGS else _Broke(sent=True)
        finally:
            await response.aclose()

    async def _collected(self, response: httpx.Response, content: Content) -> _Answer | _Broke | AnswerTooLarge:
        async for chunk in response.aiter_raw():
            if not content.feed(chunk):
                return AnswerTooLarge()
        whole = content.whole()
        if whole is None:
            return _Broke(sent=True)
        return _Answer(
            status=response.status_code,
            challenge=response.headers.get("WWW-Authenticate", ""),
            retry_after=retry_after(response.headers.get("Retry-After"), self.clock.wall()),
            content=whole,
        )


class Transport:
    """Calls for one mailbox with one grant. Transports of one app and mailbox must share one gate."""

    def __init__(self, connection: Connection, tokens: TokenSource, gate: Gate) -> None:
        self.endpoint = connection.endpoint
        self.clock = connection.clock
        self._connection = connection
        self._tokens = tokens
        self._gate = gate

    async def get_page(self, link: PageLink) -> bytes:
        """One page of a folder's messages."""
        prefer = f"{PREFER_IMMUTABLE}, odata.maxpagesize={_proven(link, PageLink).size}"
        return await self._read(_Call("GET", link.url, prefer))

    async def get_folders(self, link: FolderLink) -> bytes:
        """One page of folders."""
        return await self._read(_Call("GET", _proven(link, FolderLink).url))

    async def get_sent(self, link: SentLink) -> bytes:
        """To whom the newest sent messages went."""
        return await self._read(_Call("GET", _proven(link, SentLink).url))

    async def get_me(self) -> bytes:
        """Who signed in: the id only."""
        return await self._read(_Call("GET", self.endpoint.url("/me?$select=id")))

    async def get_settings(self) -> bytes:
        """What the owner set in Outlook: the time zone only."""
        return await self._read(_Call("GET", self.endpoint.url("/me/mailboxSettings?$select=timeZone")))

    async def post_reads(self, batch: ReadBatch) -> bytes:
        """A batch of reads."""
        return await self._read(self._batch(_proven(batch, ReadBatch)))

    async def post_moves(self, batch: MoveBatch) -> bytes:
        """A chain of moves, sent once. OutcomeUnknown: it may have run; any other GraphError: nothing ran."""
        outcome = await self._attempt(self._batch(_proven(batch, MoveBatch)))
        return or_raise(_move_outcome(outcome))

    async def post_folder(self, folder: NewFolder) -> Making:
        """An empty folder at the top, sent once. A GraphError: nothing was made."""
        content = _proven(folder, NewFolder).content
        outcome = await self._attempt(_Call("POST", self.endpoint.url("/me/mailFolders?$select=id"), content=content))
        return or_raise(_made_outcome(outcome))

    def pause(self, seconds: float) -> None:
        """An item of a batch was throttled: nobody of this mailbox calls for so long."""
        self._gate.pause(seconds)

    def _batch(self, batch: ReadBatch | MoveBatch) -> _Call:
        url = self.endpoint.url("/$batch")
        return _Call("POST", url, content=batch.content, weight=batch.weight, cost=batch.size)

    async def _read(self, call: _Call) -> bytes:
        patience = Patience(self.clock)
        while True:
            outcome = _read_outcome(await self._attempt(call))
            if not isinstance(outcome, GraphUnavailable | Throttled):
                return or_raise(outcome)
            await patience.wait(outcome.retry_after, outcome)

    async def _attempt(self, call: _Call) -> _Answer | _Broke | AnswerTooLarge:
        """Sends once; again with the claims that a 401 asks for, because a 401 ran nothing. Two challenges at most."""
        token = await self._tokens(None)
        outcome = await self._send(call, token)
        for _ in range(MAX_CHALLENGES):
            claims = _challenged(outcome)
            if claims is None:
                break
            token = await self._tokens(claims, token)
            outcome = await self._send(call, token)
        return outcome

    async def _send(self, call: _Call, token: str) -> _Answer | _Broke | AnswerTooLarge:
        async with self._gate.enter(weight=call.weight, cost=call.cost):
            outcome = await self._connection._exchange(call, token)  # noqa: SLF001  # nobody outside this module may
        if isinstance(outcome, _Answer) and outcome.status in PASSING and outcome.retry_after is not None:
            self._gate.pause(outcome.retry_after)
        return outcome


def _read_outcome(outcome: _Answer | _Broke | AnswerTooLarge) -> bytes | GraphError:
    if isinstance(outcome, AnswerTooLarge):
        return outcome
    if isinstance(outcome, _Broke):
        return GraphUnavailable()
    return outcome.content if outcome.status == HTTPStatus.OK else _failure(outcome)


def _move_outcome(outcome: _Answer | _Broke | AnswerTooLarge) -> bytes | GraphError:
    """Closed: unless it is certain that nothing ran, the outcome is unknown."""
    if isinstance(outcome, AnswerTooLarge):
        return OutcomeUnknown()
    if isinstance(outcome, _Broke):
        return OutcomeUnknown() if outcome.sent else GraphUnavailable()
    if outcome.status == HTTPStatus.OK:
        return outcome.content
    refused = HTTPStatus.BAD_REQUEST <= outcome.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return _failure(outcome) if refused and outcome.status != HTTPStatus.REQUEST_TIMEOUT else OutcomeUnknown()


def _made_outcome(outcome: _Answer | _Broke | AnswerTooLarge) -> Making | GraphError:
    """The answer's folder is not decoded. Closed: what is not plainly made, there or refused is unknown."""
    if isinstance(outcome, _Answer) and outcome.status == HTTPStatus.CREATED:
        return Making.MADE
    if isinstance(outcome, _Answer) and wire.reason(outcome.content) == _FOLDER_EXISTS:
        return Making.THERE
    found = _move_outcome(outcome)
    return found if isinstance(found, GraphError) and not isinstance(found, OutcomeUnknown) else Making.UNKNOWN


def _failure(answer: _Answer) -> GraphError:
    reason = wire.reason(answer.content)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return NeedsSignIn()
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled(answer.retry_after)
    if answer.status in PASSING:
        return GraphUnavailable(answer.retry_after)
    if answer.status == HTTPStatus.GONE or reason in _SYNC_CODES:
        return SyncStateLost()
    if answer.status == HTTPStatus.NOT_FOUND and reason not in NO_MAILBOX_CODES:
        return FolderGone()
    return Refused("redirect" if answer.status // 100 == _REDIRECTION else reason)


def _challenged(outcome: _Answer | _Broke | AnswerTooLarge) -> str | None:
    """The claims that a 401 asks for."""
    if isinstance(outcome, _Answer) and outcome.status == HTTPStatus.UNAUTHORIZED:
        return _claims(outcome.challenge)
    return None


def _claims(challenge: str) -> str | None:
    """The JSON of a claims challenge (continuous access evaluation), or None when there is none that we can use."""
    found = _CLAIMS.search(challenge) if _INSUFFICIENT.search(challenge) else None
    if found is None:
        return None
    text = found[1].translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _proven(proof: Proof, kind: type[Proof]) -> Proof:
    """Checked at run time too: a duck with a url is no PageLink."""
    if type(proof) is not kind:
        raise TypeError("made by nobody who may")
    return proof


def _silence() -> None:
    """Both libraries log addresses, which hold ids and tokens of a walk."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
