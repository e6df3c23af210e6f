"""API keys: made by a person for a program, for some things, for one mailbox or all, for a time.

Guarantees: the key is shown once, when it is made, and kept as a hash; its name is kept under the person's key. It is
refused at its end, at once when it was revoked here, and within RECHECK_S when elsewhere, because no answer is believed
for longer. A key does what its scopes say and nothing else (gateway.api.access); it never makes another. Every refusal
is the one of access tokens. Which day it was last used is all that is noted of its use.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from chassis.errors import InvalidArgument, NotFound, Unauthenticated
from gateway.audit.event import Event, Kind
from gateway.audit.trail import Trail
from gateway.identity import api_key
from gateway.identity.jwt import REFUSED, Principal
from gateway.identity.live import RECHECK_S, LiveSessions
from gateway.store import api_keys, clock, ids, mailboxes, people, transaction
from gateway.store.api_keys import ApiKey
from gateway.store.codes import Scope
from gateway.store.errors import RowAbsent
from gateway.vault.vault import Cell, Vault

MAX_REMEMBERED: Final = 10_000  # keys; about 4 MB
SHOWN_AFTER_END_MS: Final = 30 * clock.DAY  # so that its owner sees why a program stopped


class Wanted(NamedTuple):
    """What a new key is to be: scopes at least one, lifetime in days, of one mailbox or (None) of all."""

    name: str
    scopes: frozenset[Scope]
    days: int
    mailbox_id: str | None


class Named(NamedTuple):
    """A key as its owner sees it."""

    key: ApiKey
    name: str


class _Known(NamedTuple):
    principal: Principal
    expires_at: int
    asked_at: float


class ApiKeys:
    """The operations, and the answer to "whose key is this?" for the edge. `live` is what the edge asks, too."""

    def __init__(  # noqa: PLR0913  # what a key rests on
        self,
        engine: Engine,
        vault: Vault,
        live: LiveSessions,
        audit: Trail,
        *,
        max_days: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._vault = vault
        self._live = live
        self._audit = audit
        self._max_days = max_days
        self._monotonic = monotonic
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    async def __call__(self, text: str) -> Principal:
        """The Principal of a valid key. Unauthenticated for anything else; Unavailable when that can't be known."""
        if not api_key.is_one(text):
            raise Unauthenticated(REFUSED)
        secret_hash = api_key.digest(text)
        known = self._known.get(secret_hash)
        if known is None or self._monotonic() - known.asked_at >= RECHECK_S:
            known = await self._ask(secret_hash)
        if known.expires_at <= clock.now() or self._live.ended(known.principal.session_id):
            raise Unauthenticated(REFUSED)
        return known.principal

    async def make(self, person_id: str, wanted: Wanted) -> tuple[Named, str]:
        """A new key, and its text, which nobody can see again. InvalidArgument, NotFound, TooMany."""
        if not 1 <= wanted.days <= self._max_days:
            raise InvalidArgument(f"An API key lives for 1 to {self._max_days} days here.")
        text = api_key.new()
        key = await transaction.write(self._engine, lambda c: self._make(c, person_id, wanted, api_key.digest(text)))
        return Named(key, wanted.name), text

    async def of_person(self, person_id: str) -> list[Named]:
        """A person's keys, oldest first; those that ended are shown for 30 more days."""
        return await transaction.read(self._engine, lambda connection: self._named(connection, person_id))

    async def revoke(self, person_id: str, key_id: str) -> None:
        """End a person's key for ever. Raises RowAbsent."""
        await transaction.write(self._engine, lambda connection: self._revoke(connection, person_id, key_id))
        self._live.end(key_id)

    async def _ask(self, secret_hash: bytes) -> _Known:
        now = clock.now()
        self._known.pop(secret_hash, None)
        key = await transaction.read(self._engine, lambda c: api_keys.by_secret(c, secret_hash, now=now))
        if key is None:
            raise Unauthenticated(REFUSED)
        if key.last_used_on != now // clock.DAY:
            await transaction.write(self._engine, lambda c: api_keys.touch(c, key.id, today=now // clock.DAY))
        known = _Known(_principal(key), key.expires_at, self._monotonic())
        self._known[secret_hash] = known
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)
        return known

    def _make(self, connection: Connection, person_id: str, wanted: Wanted, secret_hash: bytes) -> ApiKey:
        people.lock(connection, person_id)
        if wanted.mailbox_id is not None:
            _refuse_foreign(connection, person_id, wanted.mailbox_id)
        now, key_id = clock.now(), ids.new("apk")
        api_keys.purge(connection, before=now - SHOWN_AFTER_END_MS)
        name = self._vault.seal(connection, person_id, name_cell(key_id), wanted.name.encode())
        ends = now + wanted.days * clock.DAY
        key = ApiKey(key_id, person_id, wanted.mailbox_id, secret_hash, name, now, ends, None, wanted.scopes)
        api_keys.add(connection, key)
        event = Event(Kind.API_KEY_MADE, person=person_id, object_id=key_id, amount=wanted.days)
        self._audit.record(connection, event)
        return key

    def _revoke(self, connection: Connection, person_id: str, key_id: str) -> None:
        api_keys.revoke(connection, person_id, key_id)
        self._audit.record(connection, Event(Kind.API_KEY_REVOKED, person=person_id, object_id=key_id))

    def _named(self, connection: Connection, person_id: str) -> list[Named]:
        keys = api_keys.of_person(connection, person_id)
        return [Named(key, self._name(connection, key)) for key in keys]

    def _name(self, connection: Connection, key: ApiKey) -> str:
        return self._vault.open(connection, key.person_id, name_cell(key.id), key.name_sealed).decode()


def name_cell(key_id: str) -> Cell:
    """Where a key's name is sealed."""
    return Cell("api_key", key_id, "name_sealed")


def _principal(key: ApiKey) -> Principal:
    return Principal(key.person_id, key.id, key.id, scopes=key.scopes, key_id=key.id, mailbox_id=key.mailbox_id)


def _refuse_foreign(connection: Connection, person_id: str, mailbox_id: str) -> None:
    try:
        mailboxes.owned(connection, person_id, mailbox_id)
    except RowAbsent:
        raise NotFound("there is no such mailbox here") from None
