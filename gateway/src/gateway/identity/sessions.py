"""A session's life after sign-in: a one-time code becomes tokens, tokens become new ones, until told, or by itself.

    exchange   the tab's code, verifier and key     -> an access token for the tab, a refresh token for its cookie
    refresh    both, from our own page, by the key  -> new ones; the former are worth nothing any more
    sign out                                        -> the session is over, and every token of it

Guarantees: a code works once, for 60 s, for the tab that holds the verifier - a wrong verifier uses it up as well - and
used again it ends the session that it gave.
A refresh token works once. Used again within ten seconds (a double click, a retry) nothing is minted; used again later
it was stolen, and its session ends. Neither token refreshes without the other, so closing the tab ends it, nor both
without the key that the session began with (gateway.identity.dpop): copied out of the browser, they refresh nothing. A
sign-out is effective at once on this replica and within 5 s on the others. There is no way to a token but this.
"""

import secrets
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from chassis.errors import Conflict, PermissionDenied, ServiceError, Unauthenticated
from chassis.logs import get
from gateway.audit.event import Event, Kind, Outcome
from gateway.audit.trail import Trail
from gateway.identity import dpop, redemption
from gateway.identity import flow as flows
from gateway.identity.dpop import InvalidProof, Proved
from gateway.identity.jwt import LIFETIME_S, REFUSED, AccessTokens, Principal, Proof
from gateway.identity.live import LiveSessions
from gateway.identity.redemption import CodeReason, CodeRefused, Redeemed, Refusal
from gateway.identity.refusal import SignInReason, SignInRefused
from gateway.identity.signals import Signals
from gateway.store import clock, ids, sessions, transaction

REFRESH_BYTES: Final = 32
EXCHANGE_PATH: Final = "/api/v1/session/exchange"
REFRESH_PATH: Final = "/api/v1/session/refresh"
UNPROVED: Final = CodeReason.UNPROVED.value
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

    async def exchange(self, code: str, verifier: str, proofs: Sequence[str]) -> Granted:
        """The code's tokens; the key of the proof becomes the session's. proofs: the request's DPoP headers.

        InvalidProof, or SignInRefused with one reason for any code or verifier but the right.
        """
        proved = self._proved(Kind.EXCHANGE, proofs, EXCHANGE_PATH)
        asked, token = redemption.Exchange(flows.digest(code), verifier, proved), _new_token()
        found = await transaction.write(self._engine, lambda c: self._exchanged(c, asked, flows.digest(token)))
        if isinstance(found, CodeRefused):
            raise self._exchange_refused(found)
        return self._granted(found, token)

    async def refresh(
        self, origin: str | None, access_token: str, refresh_token: str | None, proofs: Sequence[str]
    ) -> Granted:
        """New tokens for old ones.

        PermissionDenied for another page, InvalidProof without the session's key, Unauthenticated, Conflict when done
        just now. proofs: the request's DPoP headers.
        """
        if origin != self._tokens.issuer:
            raise PermissionDenied(FOREIGN)
        proved = self._proved(Kind.REFRESH, proofs, REFRESH_PATH)
        tab, token = self._tokens.prove(access_token, time.time()), _new_token()
        asked = redemption.Refresh(tab, flows.digest(refresh_token or ""), proved)
        found = await transaction.write(self._engine, lambda c: self._rotated(c, asked, flows.digest(token)))
        if isinstance(found, Refusal):
            raise self._refused(found, tab)
        self._live.end(tab.jti)
        return self._granted(found, token)

    async def sign_out(self, principal: Principal) -> None:
        """End the caller's session. Repeatable."""
        now = clock.now()
        await transaction.write(self._engine, lambda connection: self._end(connection, principal, now))
        self._live.end(principal.session_id)

    def _proved(self, kind: Kind, proofs: Sequence[str], path: str) -> Proved:
        try:
            return dpop.verify(proofs, self._tokens.issuer + path, time.time())
        except InvalidProof:
            self._audit.note(Event(kind, Outcome.REFUSED, reason=UNPROVED))
            raise

    def _granted(self, found: Redeemed, refresh_token: str) -> Granted:
        principal = Principal(found.person_id, found.session_id, ids.new("jti"))
        token = self._tokens.mint(principal, int(time.time()))
        lasting = (found.expires_at - clock.now()) // clock.SECOND
        return Granted(token, LIFETIME_S, found.mailboxes, refresh_token, max(0, lasting))

    def _exchange_refused(self, refused: CodeRefused) -> ServiceError:
        if refused.ended is not None:
            self._live.end(refused.ended)
            self._signals.code_replayed()
            get(__name__).warning("session.code_replayed")
        self._audit.note(Event(Kind.EXCHANGE, Outcome.REFUSED, reason=refused.reason.value))
        if refused.reason is CodeReason.UNPROVED:
            return InvalidProof()
        return SignInRefused(SignInReason.EXCHANGE_REFUSED)

    def _refused(self, refusal: Refusal, tab: Proof) -> ServiceError:
        if refusal is Refusal.TWICE:
            return Conflict(TWICE)
        if refusal is Refusal.UNPROVED:
            self._signals.key_not_proved()
            get(__name__).warning("session.key_not_proved")
            self._audit.note(Event(Kind.REFRESH, Outcome.REFUSED, object_id=tab.session_id, reason=UNPROVED))
            return InvalidProof()
        if refusal is Refusal.STOLEN:
            self._live.end(tab.session_id)
            self._signals.refresh_token_reused()
            get(__name__).warning("session.refresh_reused")
        return Unauthenticated(REFUSED)

    def _exchanged(
        self, connection: Connection, asked: redemption.Exchange, successor: bytes
    ) -> Redeemed | CodeRefused:
        found = redemption.exchange(connection, asked, successor)
        if isinstance(found, Redeemed):
            event = Event(Kind.EXCHANGE, person=found.person_id, object_id=found.session_id)
            self._audit.record(connection, event)
        elif found.ended is not None:
            self._record_end(connection, Kind.CODE_REPLAYED, found.ended)
        return found

    def _rotated(self, connection: Connection, asked: redemption.Refresh, successor: bytes) -> Redeemed | Refusal:
        found = redemption.rotate(connection, asked, successor)
        if isinstance(found, Redeemed):
            self._audit.record(connection, Event(Kind.REFRESH, person=found.person_id, object_id=found.session_id))
        elif found is Refusal.STOLEN:
            self._record_end(connection, Kind.REFRESH_REUSED, asked.tab.session_id)
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
