"""Access tokens for Graph, from each mailbox's encrypted MSAL cache.

Guarantees: one acquisition at a time a mailbox, among the tasks of a process and among the replicas that share the
database; all who wait share its outcome, a good token and a failure alike: neither expiry nor an outage becomes a
storm. A cache is loaded, used, and saved by compare-and-swap if it changed. A mailbox that needs its owner is marked
with the reason, and Microsoft is not asked again until the owner has signed in. What is in memory is looked up again
after RECHECK_S, so that a revocation anywhere is effective here within that time. Tokens live in memory only, and leave
through the return value only.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from chassis.errors import Unavailable
from gateway.audit.event import Event, Kind
from gateway.audit.trail import Trail
from gateway.identity.admission import claims_cell, token_cell
from gateway.identity.microsoft import UNAVAILABLE, Microsoft, Silent
from gateway.identity.needs_sign_in import NeedsSignIn
from gateway.store import clock, mailboxes, token_caches, transaction
from gateway.store.codes import Access, Need
from gateway.store.errors import RowAbsent
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault

EARLY_S: Final = 300.0  # renewed this long before it expires; MSAL counts the same way
RECHECK_S: Final = 5.0  # as gateway.identity.live: a revocation is effective in 5 s
CLAIM_MS: Final = 60 * clock.SECOND  # longer than Microsoft is waited for: 20 s for discovery and 20 s for a token
POLL_S: Final = 0.1  # between two looks at whether another replica is done
PATIENCE_S: Final = 75.0  # a claim that runs out, and the refresh of whoever takes it over
OVERTAKEN: Final = 0  # no cache has this version
MAX_REMEMBERED: Final = 1_000  # mailboxes; a token has about 2 KiB


class _Loaded(NamedTuple):
    person_id: str
    cache: bytes
    version: int
    access: Access
    claimed_until: int


class _Token(NamedTuple):
    text: str
    good_until: float
    version: int
    access: Access
    claims: str | None
    checked_at: float


class TokenSource:
    """All mailboxes' tokens."""

    def __init__(
        self,
        engine: Engine,
        vault: Vault,
        microsoft: Microsoft,
        audit: Trail,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._monotonic = monotonic
        self._vault = vault
        self._microsoft = microsoft
        self._audit = audit
        self._tokens: OrderedDict[str, _Token] = OrderedDict()
        self._flights: dict[tuple[str, str | None], asyncio.Task[str]] = {}

    def of(self, mailbox_id: str) -> "MailboxTokens":
        """The tokens of one mailbox, as the Graph client takes them."""
        return MailboxTokens(self, mailbox_id)

    async def access_token(self, mailbox_id: str, claims: str | None = None, refused: str | None = None) -> str:
        """A Graph access token. NeedsSignIn, Unavailable.

        claims: JSON of a claims challenge that it must answer; refused: the token that got this challenge.
        """
        token = await self._standing(mailbox_id)
        if token is not None and (claims is None or (refused is not None and token.text != refused)):
            return token.text  # with a challenge: somebody answered it while the refused call was under way
        if token is not None and token.claims == claims and refused is not None:
            # Microsoft's own answer to this challenge is refused with the same challenge: asking again is a circle.
            await self._require(mailbox_id, claims)
        return await self._join(mailbox_id, claims)

    def forget(self, mailbox_id: str) -> None:
        """Drop the token in memory: the mailbox was disconnected or its owner erased."""
        self._tokens.pop(mailbox_id, None)

    async def _standing(self, mailbox_id: str) -> _Token | None:
        """The token in memory, unless it is over, or the database says otherwise."""
        token = self._tokens.get(mailbox_id)
        if token is None or self._monotonic() >= token.good_until:
            return None
        # A token that may only look is looked up each time: its owner may have agreed to more a moment ago, and with
        # the old one every move of the first run would be refused.
        if token.access is Access.FULL and self._monotonic() - token.checked_at < RECHECK_S:
            return token
        row = await transaction.read(self._engine, lambda connection: token_caches.get(connection, mailbox_id))
        if row is None or row.need is not None or row.version != token.version:
            self.forget(mailbox_id)
            return None
        self._tokens[mailbox_id] = token._replace(checked_at=self._monotonic())
        return token

    async def _require(self, mailbox_id: str, claims: str | None) -> None:
        self.forget(mailbox_id)
        await transaction.write(self._engine, lambda c: self._mark(c, mailbox_id, Need.CLAIMS_CHALLENGE, claims))
        raise NeedsSignIn.because(Need.CLAIMS_CHALLENGE)

    async def _join(self, mailbox_id: str, claims: str | None) -> str:
        flight = self._flights.get((mailbox_id, claims))
        if flight is None:
            flight = asyncio.create_task(self._acquire(mailbox_id, claims))
            self._flights[mailbox_id, claims] = flight
            flight.add_done_callback(lambda done: self._landed((mailbox_id, claims), done))
        # Shielded: when one of those who wait gives up, the others still get theirs.
        return await asyncio.shield(flight)

    def _landed(self, name: tuple[str, str | None], flight: asyncio.Task[str]) -> None:
        del self._flights[name]
        if not flight.cancelled():
            flight.exception()  # seen, also when everyone who waited has gone

    async def _acquire(self, mailbox_id: str, claims: str | None) -> str:
        # Overtaken by another replica, its token is newer than the challenge: taken as it is. Should it not answer the
        # challenge, Graph says so again.
        need = Need.REVOKED
        for asked in (claims, None):
            loaded, asked_now = await self._turn(mailbox_id, asked)
            outcome, version = await self._attempt(mailbox_id, loaded, asked_now)
            if outcome.access_token is not None:
                now = self._monotonic()
                until = now + outcome.expires_in - EARLY_S
                token = _Token(outcome.access_token, until, version, loaded.access, asked_now, now)
                self._remember(mailbox_id, token)
                return outcome.access_token
            need = outcome.need or need
            if version != OVERTAKEN:
                break
        self.forget(mailbox_id)
        raise NeedsSignIn.because(need)

    async def _turn(self, mailbox_id: str, claims: str | None) -> tuple[_Loaded, str | None]:
        """The cache, claimed for us; and what to ask, which is nothing when another replica renewed it meanwhile."""
        seen = await transaction.read(self._engine, lambda connection: _version(connection, mailbox_id))
        end = self._monotonic() + PATIENCE_S
        while self._monotonic() < end:
            loaded = await transaction.write(self._engine, lambda connection: self._load(connection, mailbox_id))
            if loaded is not None:
                return loaded, claims if loaded.version == seen else None
            await asyncio.sleep(POLL_S)
        raise Unavailable(UNAVAILABLE)

    async def _attempt(self, mailbox_id: str, loaded: _Loaded, claims: str | None) -> tuple[Silent, int]:
        """What Microsoft answered, and the cache's version; OVERTAKEN when someone else had written meanwhile."""
        try:
            outcome = await self._microsoft.silent(loaded.cache, loaded.access, claims)
            saved = transaction.write(self._engine, lambda c: self._save(c, mailbox_id, loaded, outcome, claims))
            return outcome, await saved
        finally:
            until = loaded.claimed_until
            await transaction.write(self._engine, lambda c: token_caches.release(c, mailbox_id, until=until))

    def _load(self, connection: Connection, mailbox_id: str) -> _Loaded | None:
        """None while another replica has its turn."""
        try:
            person_id = mailboxes.get(connection, mailbox_id).person_id
            row = token_caches.get(connection, mailbox_id)
            if row is None or row.need is not None:
                raise NeedsSignIn.because(Need.DISCONNECTED if row is None or row.need is None else row.need)
            now = clock.now()
            if not token_caches.claim(connection, mailbox_id, now=now, until=now + CLAIM_MS):
                return None
            cache = self._vault.open(connection, person_id, token_cell(mailbox_id), row.sealed)
        except (RowAbsent, VaultError):  # disconnected, erased, or sealed under a lost key: only a new sign-in helps
            raise NeedsSignIn.because(Need.DISCONNECTED) from None
        return _Loaded(person_id, cache, row.version, row.access, now + CLAIM_MS)

    def _save(
        self, connection: Connection, mailbox_id: str, loaded: _Loaded, outcome: Silent, claims: str | None
    ) -> int:
        row = token_caches.get(connection, mailbox_id)
        if row is None:
            raise NeedsSignIn.because(Need.DISCONNECTED)  # revoked, erased or disconnected while we asked
        if row.version != loaded.version:
            return OVERTAKEN  # another replica renewed it, or the owner signed in: theirs is newer and stays
        if outcome.access_token is None:
            self._mark(connection, mailbox_id, outcome.need or Need.REVOKED, claims)
        elif outcome.cache is not None:
            return self._write(connection, mailbox_id, loaded, outcome.cache, outcome.granted)
        return loaded.version

    def _mark(self, connection: Connection, mailbox_id: str, need: Need, claims: str | None) -> None:
        """Kept with the challenge, so that the next sign-in answers it."""
        try:
            person_id = mailboxes.get(connection, mailbox_id).person_id
            sealed = None
            if claims is not None:
                sealed = self._vault.seal(connection, person_id, claims_cell(mailbox_id), claims.encode())
            token_caches.require(connection, mailbox_id, need, sealed)
        except (RowAbsent, VaultError):
            raise NeedsSignIn.because(Need.DISCONNECTED) from None
        event = Event(Kind.NEEDS_SIGN_IN, person=person_id, mailbox=mailbox_id, reason=need.value)
        self._audit.record(connection, event)

    def _write(
        self, connection: Connection, mailbox_id: str, loaded: _Loaded, cache: bytes, granted: frozenset[str]
    ) -> int:
        try:
            sealed = self._vault.seal(connection, loaded.person_id, token_cell(mailbox_id), cache)
        except VaultError:  # erased while we asked, or the key has sealed as much as it may
            raise NeedsSignIn.because(Need.DISCONNECTED) from None
        access, version = loaded.access, loaded.version
        return token_caches.put(connection, mailbox_id, sealed=sealed, access=access, granted=granted, expected=version)

    def _remember(self, mailbox_id: str, token: _Token) -> None:
        self._tokens[mailbox_id] = token
        self._tokens.move_to_end(mailbox_id)
        if len(self._tokens) > MAX_REMEMBERED:
            self._tokens.popitem(last=False)


class MailboxTokens:
    """One mailbox's tokens: what gateway.graph calls a TokenSource."""

    def __init__(self, source: TokenSource, mailbox_id: str) -> None:
        self._source = source
        self._mailbox_id = mailbox_id

    async def __call__(self, claims: str | None, refused: str | None = None) -> str:
        """A token; `claims` and `refused` as in TokenSource.access_token."""
        return await self._source.access_token(self._mailbox_id, claims, refused)


def _version(connection: Connection, mailbox_id: str) -> int | None:
    row = token_caches.get(connection, mailbox_id)
    return None if row is None else row.version
