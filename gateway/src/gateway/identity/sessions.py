"""A session's life after sign-in: a one-time code becomes tokens, tokens become new ones, until told, or by itself.

    exchange   the tab's code and verifier  -> an access token for the tab, a refresh token for the browser's cookie
    refresh    both, from our own page      -> new ones; the former are worth nothing any more
    sign out                                -> the session is over, and every token of it

Guarantees: a code works once, for 60 s, for the tab that holds the verifier - a wrong verifier uses it up as well - and
used again it ends the session that it gave.
A refresh token works once. Used again within ten seconds (a double click, a retry) nothing is minted; used again later
it was stolen, and its session ends. Neither token refreshes without the other, so closing the tab ends it. A sign-out
is effective at once on this replica and within 5 s on the others. There is no way to a token but this.
"""

import secrets
import time
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from chassis.errors import Conflict, PermissionDenied, Unauthenticated
from chassis.logs import get
from gateway.audit.event import Event, Kind, Outcome
from gateway.audit.trail import Trail
from gateway.identity import flow as flows
from gateway.identity import redemption
from gateway.identity.jwt import LIFETIME_S, REFUSED, AccessTokens, Principal, Proof
from gateway.identity.live import LiveSessions
from gateway.identity.redemption import CodeRefused, Redeemed, Refusal
from gateway.identity.refusal import SignInReason, SignInRefused
from gateway.identity.signals import Signals
from gateway.store import clock, ids, sessions, transaction

REFRESH_BYTES: Final = 32
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
        token = _new_token()
        given = flows.digest(code), verifier, flows.digest(token)
        found = await transaction.write(self._engine, lambda connection: self._exchanged(connection, *given))
        if isinstance(found, CodeRefused):
            raise self._exchange_refused(found)
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

    def _granted(self, found: Redeemed, refresh_token: str) -> Granted:
        principal = Principal(found.person_id, found.session_id, ids.new("jti"))
        token = self._tokens.mint(principal, int(time.time()))
        lasting = (found.expires_at - clock.now()) // clock.SECOND
        return Granted(token, LIFETIME_S, found.mailboxes, refresh_token, max(0, lasting))

    def _exchange_refused(self, refused: CodeRefused) -> SignInRefused:
        if refused.ended is not None:
            self._live.end(refused.ended)
            self._signals.code_replayed()
            get(__name__).warning("session.code_replayed")
        self._audit.note(Event(Kind.EXCHANGE, Outcome.REFUSED, reason=refused.reason.value))
        return SignInRefused(SignInReason.EXCHANGE_REFUSED)

    def _refused(self, refusal: Refusal, proof: Proof) -> Exception:
        if refusal is Refusal.TWICE:
            return Conflict(TWICE)
        if refusal is Refusal.STOLEN:
            self._live.end(proof.session_id)
            self._signals.refresh_token_reused()
            get(__name__).warning("session.refresh_reused")
        return Unauthenticated(REFUSED)

    def _exchanged(
        self, connection: Connection, code: bytes, verifier: str, successor: bytes
    ) -> Redeemed | CodeRefused:
        found = redemption.exchange(connection, code, verifier, successor)
        if isinstance(found, Redeemed):
            event = Event(Kind.EXCHANGE, person=found.person_id, object_id=found.session_id)
            self._audit.record(connection, event)
        elif found.ended is not None:
            self._record_end(connection, Kind.CODE_REPLAYED, found.ended)
        return found

    def _rotated(self, connection: Connection, proof: Proof, spent: bytes, successor: bytes) -> Redeemed | Refusal:
        found = redemption.rotate(connection, proof, spent, successor)
        if isinstance(found, Redeemed):
            self._audit.record(connection, Event(Kind.REFRESH, person=found.person_id, object_id=found.session_id))
        elif found is Refusal.STOLEN:
            self._record_end(connection, Kind.REFRESH_REUSED, proof.session_id)
        return found

    def _record_end(self, connection: Connection, kind: Kind, session_id: str) -> None:
        owner = sessions.owner(connection, session_id)
        self._audit.record(connection, Event(kind, Outcome.REFUSED, person=owner, object_id=session_id))

    def _end(self, connection: Connection, principal: Principal, now: int) -> None:
        if sessions.revoke(connection, principal.session_id, now=now):
            event = Event(Kind.SIGN_OUT, person=principal.person_id, object_id=principal.session_id)
            self._audit.record(connection, event)


def _new_token() -> str:
    return secrets.token_urlsafe(REFRESH_BYTES)
