"""Access tokens for Graph, from each mailbox's encrypted MSAL cache.

Guarantees: one acquisition at a time a mailbox, whose outcome all who wait share - a good token and a failure alike,
so that neither expiry nor an outage becomes a storm; a cache is loaded, used, and saved by compare-and-swap if it
changed; a mailbox that needs its owner is marked, and Microsoft is not asked again until the owner has signed in.
Tokens live in memory only, and leave through the return value only.
"""

import asyncio
import time
from collections import OrderedDict
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from gateway.identity.microsoft import Microsoft, Silent
from gateway.identity.needs_sign_in import NeedsSignIn
from gateway.identity.sign_in import token_cell
from gateway.store import mailboxes, token_caches, transaction
from gateway.store.errors import RowAbsent
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault

EARLY_S: Final = 300.0  # renewed this long before it expires; MSAL counts the same way
MAX_REMEMBERED: Final = 1_000  # mailboxes; a token has about 2 KiB


class _Loaded(NamedTuple):
    person_id: str
    cache: bytes
    version: int


class _Token(NamedTuple):
    text: str
    good_until: float


class TokenSource:
    """All mailboxes' tokens."""

    def __init__(self, engine: Engine, vault: Vault, microsoft: Microsoft) -> None:
        self._engine = engine
        self._vault = vault
        self._microsoft = microsoft
        self._tokens: OrderedDict[str, _Token] = OrderedDict()
        self._flights: dict[tuple[str, str | None], asyncio.Task[str]] = {}

    def of(self, mailbox_id: str) -> "MailboxTokens":
        """The tokens of one mailbox, as the Graph client takes them."""
        return MailboxTokens(self, mailbox_id)

    async def access_token(self, mailbox_id: str, claims: str | None = None) -> str:
        """A Graph access token. `claims`: JSON of a claims challenge that it must answer. NeedsSignIn, Unavailable."""
        token = self._tokens.get(mailbox_id)
        if claims is None and token is not None and time.monotonic() < token.good_until:
            return token.text
        return await self._join(mailbox_id, claims)

    def forget(self, mailbox_id: str) -> None:
        """Drop the token in memory: the mailbox was disconnected or its owner erased."""
        self._tokens.pop(mailbox_id, None)

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
        for asked in (claims, None):
            outcome, overtaken = await self._attempt(mailbox_id, asked)
            if outcome.access_token is not None:
                self._remember(mailbox_id, outcome.access_token, outcome.expires_in)
                return outcome.access_token
            if not overtaken:
                break
        self.forget(mailbox_id)
        raise NeedsSignIn

    async def _attempt(self, mailbox_id: str, claims: str | None) -> tuple[Silent, bool]:
        """What Microsoft answered, and whether someone else had written a newer cache meanwhile."""
        loaded = await transaction.read(self._engine, lambda connection: self._load(connection, mailbox_id))
        outcome = await self._microsoft.silent(loaded.cache, claims)
        overtaken = await transaction.write(self._engine, lambda c: self._save(c, mailbox_id, loaded, outcome))
        return outcome, overtaken

    def _load(self, connection: Connection, mailbox_id: str) -> _Loaded:
        try:
            person_id = mailboxes.get(connection, mailbox_id).person_id
            row = token_caches.get(connection, mailbox_id)
            if row is None or row.needs_consent:
                raise NeedsSignIn
            cache = self._vault.open(connection, person_id, token_cell(mailbox_id), row.sealed)
        except (RowAbsent, VaultError):  # disconnected, erased, or sealed under a lost key: only a new sign-in helps
            raise NeedsSignIn from None
        return _Loaded(person_id, cache, row.version)

    def _save(self, connection: Connection, mailbox_id: str, loaded: _Loaded, outcome: Silent) -> bool:
        row = token_caches.get(connection, mailbox_id)
        if row is None:
            raise NeedsSignIn  # erased or disconnected while we asked
        if row.version != loaded.version:
            return True  # another replica renewed it, or the owner signed in: theirs is newer and stays
        if outcome.access_token is None:
            token_caches.require_consent(connection, mailbox_id)
        elif outcome.cache is not None:
            self._write(connection, mailbox_id, loaded, outcome.cache)
        return False

    def _write(self, connection: Connection, mailbox_id: str, loaded: _Loaded, cache: bytes) -> None:
        try:
            sealed = self._vault.seal(connection, loaded.person_id, token_cell(mailbox_id), cache)
        except VaultError:
            raise NeedsSignIn from None  # erased while we asked, or the key has sealed as much as it may
        token_caches.put(connection, mailbox_id, sealed=sealed, expected=loaded.version)

    def _remember(self, mailbox_id: str, text: str, expires_in: int) -> None:
        self._tokens[mailbox_id] = _Token(text, time.monotonic() + expires_in - EARLY_S)
        self._tokens.move_to_end(mailbox_id)
        if len(self._tokens) > MAX_REMEMBERED:
            self._tokens.popitem(last=False)


class MailboxTokens:
    """One mailbox's tokens: what gateway.graph calls a TokenSource."""

    def __init__(self, source: TokenSource, mailbox_id: str) -> None:
        self._source = source
        self._mailbox_id = mailbox_id

    async def __call__(self, claims: str | None) -> str:
        """A token; `claims` as in TokenSource.access_token."""
        return await self._source.access_token(self._mailbox_id, claims)
