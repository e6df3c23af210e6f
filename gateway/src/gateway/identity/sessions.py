"""A session's life after sign-in: a one-time code becomes tokens, tokens become new ones, until told, or by itself.

    exchange   the tab's code and verifier  -> an access token for the tab, a refresh token for the browser's cookie
    refresh    both, from our own page      -> new ones; the former are worth nothing any more
    sign out                                -> the session is over, and every token of it

Guarantees: a code works once, for 60 s, for the tab that holds the verifier - a wrong verifier uses it up as well.
A refresh token works once. Used again within ten seconds (a double click, a retry) nothing is minted; used again later
it was stolen, and its session ends. Neither token refreshes without the other, so closing the tab ends it. A sign-out
is effective at once on this replica and within 5 s on the others. There is no way to a token but this.
"""

import hmac
import re
import secrets
import time
from enum import Enum, auto
from hashlib import sha256
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from chassis.errors import Conflict, PermissionDenied, Unauthenticated
from chassis.logs import get
from gateway.audit.event import Event, Kind, Outcome
from gateway.audit.trail import Trail
from gateway.identity import compact
from gateway.identity import flow as flows
from gateway.identity.jwt import LIFETIME_S, REFUSED, AccessTokens, Principal, Proof
from gateway.identity.live import IDLE_MS, LiveSessions
from gateway.identity.refusal import SignInReason, SignInRefused
from gateway.identity.signals import Signals
from gateway.store import (
    clock,
    denied_tokens,
    exchange_codes,
    ids,
    mailboxes,
    refresh_tokens,
    sessions,
    transaction,
)

REFRESH_BYTES: Final = 32
TWICE_MS: Final = 10 * clock.SECOND  # spec: reuse so soon is a double click; either clock may be ahead
VERIFIER: Final = re.compile(r"[A-Za-z0-9_-]{43,128}")  # as RFC 7636's, without its dots and tildes
FOREIGN: Final = "A session is refreshed by our own page alone: the Origin must be exactly the address of this service."
TWICE: Final = "This session was refreshed a moment ago. Use the answer to that request."


class Granted(NamedTuple):
    """For the tab: an access token, its life, the mailboxes it opens, oldest first. For the cookie: the refresh token.

    Lives in seconds; `refresh_for` until the session's absolute end.
    """

    access_token: str
    expires_in: int
    mailboxes: list[str]
    refresh_token: str
    refresh_for: int


class Refusal(Enum):
    """Why a refresh token gets nothing."""

    UNKNOWN = auto()
    TWICE = auto()
    STOLEN = auto()


class Sessions:
    """The operations. `live` is the same object that the edge asks."""

    def __init__(  # what a session rests on
        self, engine: Engine, tokens: AccessTokens, live: LiveSessions, signals: Signals, audit: Trail
    ) -> None:
        self._engine = engine
        self._tokens = tokens
        self._live = live
        self._signals = signals
        self._audit = audit

    async def exchange(self, code: str, verifier: str) -> Granted:
        """The code's tokens. SignInRefused, with one reason for all, for any code or verifier but the right."""
        taken = await transaction.write(self._engine, lambda connection: _take(connection, code))
        if taken is None or not _matches(verifier, taken.verifier_hash):
            raise self._exchange_refused()
        token = _new_token()
        found = await transaction.write(self._engine, lambda c: self._begun(c, taken.session_id, flows.digest(token)))
        if found is None:
            raise self._exchange_refused()
        return self._granted(found, token)

    async def refresh(self, origin: str | None, access_token: str, refresh_token: str | None) -> Granted:
        """New tokens for old ones. PermissionDenied for another page, Unauthenticated, Conflict when done just now."""
        if origin != self._tokens.issuer:
            raise PermissionDenied(FOREIGN)
        proof, token = self._tokens.prove(access_token, time.time()), _new_token()
        hashes = flows.digest(refresh_token or ""), flows.digest(token)
        found = await transaction.write(self._engine, lambda connection: self._rotated(connection, proof, *hashes))
        if isinstance(found, Refusal):
            raise self._refused(found, proof)
        self._live.end(proof.jti)
        return self._granted(found, token)

    async def sign_out(self, principal: Principal) -> None:
        """End the caller's session. Repeatable."""
        now = clock.now()
        await transaction.write(self._engine, lambda connection: self._end(connection, principal, now))
        self._live.end(principal.session_id)

    def _granted(self, found: "_Session", refresh_token: str) -> Granted:
        principal = Principal(found.person_id, found.id, ids.new("jti"))
        token = self._tokens.mint(principal, int(time.time()))
        lasting = (found.expires_at - clock.now()) // clock.SECOND
        return Granted(token, LIFETIME_S, found.mailboxes, refresh_token, max(0, lasting))

    def _exchange_refused(self) -> SignInRefused:
        self._audit.note(Event(Kind.EXCHANGE, Outcome.REFUSED))
        return SignInRefused(SignInReason.EXCHANGE_REFUSED)

    def _refused(self, refusal: Refusal, proof: Proof) -> Exception:
        if refusal is Refusal.TWICE:
            return Conflict(TWICE)
        if refusal is Refusal.STOLEN:
            self._live.end(proof.session_id)
            self._signals.refresh_token_reused()
            get(__name__).warning("session.refresh_reused")
        return Unauthenticated(REFUSED)

    def _begun(self, connection: Connection, session_id: str, token_hash: bytes) -> "_Session | None":
        found = _begin(connection, session_id, token_hash)
        if found is not None:
            self._audit.record(connection, Event(Kind.EXCHANGE, person=found.person_id, object_id=session_id))
        return found

    def _rotated(self, connection: Connection, proof: Proof, spent: bytes, successor: bytes) -> "_Session | Refusal":
        found = _rotate(connection, proof, spent, successor)
        if isinstance(found, _Session):
            self._audit.record(connection, Event(Kind.REFRESH, person=found.person_id, object_id=found.id))
        elif found is Refusal.STOLEN:
            owner = sessions.owner(connection, proof.session_id)
            event = Event(Kind.REFRESH_REUSED, Outcome.REFUSED, person=owner, object_id=proof.session_id)
            self._audit.record(connection, event)
        return found

    def _end(self, connection: Connection, principal: Principal, now: int) -> None:
        if sessions.revoke(connection, principal.session_id, now=now):
            event = Event(Kind.SIGN_OUT, person=principal.person_id, object_id=principal.session_id)
            self._audit.record(connection, event)


class _Session(NamedTuple):
    id: str
    person_id: str
    expires_at: int
    mailboxes: list[str]


def _new_token() -> str:
    return secrets.token_urlsafe(REFRESH_BYTES)


def _take(connection: Connection, code: str) -> exchange_codes.ExchangeCode | None:
    return exchange_codes.consume(connection, flows.digest(code), now=clock.now())


def _matches(verifier: str, challenge: bytes) -> bool:
    if not VERIFIER.fullmatch(verifier):
        return False
    return hmac.compare_digest(compact.encode(sha256(verifier.encode()).digest()).encode(), challenge)


def _begin(connection: Connection, session_id: str, token_hash: bytes) -> _Session | None:
    found = _session(connection, session_id)
    if found is not None:
        refresh_tokens.add(connection, token_hash, session_id)
    return found


def _rotate(connection: Connection, proof: Proof, spent: bytes, successor: bytes) -> _Session | Refusal:
    now = clock.now()
    if not refresh_tokens.spend(connection, spent, proof.session_id, now=now):
        return _again(connection, proof, spent, now)
    if not sessions.touch(connection, proof.session_id, now=now, idle=IDLE_MS):
        return Refusal.UNKNOWN
    denied_tokens.purge(connection, before=now)
    denied_tokens.deny(connection, proof.jti, proof.session_id, expires_at=proof.exp * clock.SECOND)
    return _begin(connection, proof.session_id, successor) or Refusal.UNKNOWN


def _again(connection: Connection, proof: Proof, spent: bytes, now: int) -> Refusal:
    session = sessions.live(connection, proof.session_id, now=now, idle=IDLE_MS)
    spent_at = refresh_tokens.spent_at(connection, spent, proof.session_id)
    if session is None or spent_at is None:
        return Refusal.UNKNOWN
    if abs(now - spent_at) < TWICE_MS:
        return Refusal.TWICE
    if not sessions.revoke(connection, session.id, now=now):  # of many at once, one counts
        return Refusal.UNKNOWN
    return Refusal.STOLEN


def _session(connection: Connection, session_id: str) -> _Session | None:
    session = sessions.live(connection, session_id, now=clock.now(), idle=IDLE_MS)
    if session is None:
        return None
    owned = mailboxes.of_person(connection, session.person_id)
    return _Session(session.id, session.person_id, session.expires_at, [mailbox.id for mailbox in owned])
