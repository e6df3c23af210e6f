"""A session's life after sign-in: the one-time code becomes an access token; the session ends when told, or by itself.

Guarantees: a code works once, for 60 s, for the tab that holds the verifier - a wrong verifier uses it up as well;
a sign-out is effective at once on this replica and within 5 s on the others. There is no way to a token but this.
"""

import hmac
import re
import secrets
import time
from hashlib import sha256
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from gateway.identity import compact
from gateway.identity import flow as flows
from gateway.identity.jwt import LIFETIME_S, AccessTokens, Principal
from gateway.identity.live import IDLE_MS, LiveSessions
from gateway.identity.refusal import SignInReason, SignInRefused
from gateway.store import clock, exchange_codes, mailboxes, sessions, transaction

JTI_BYTES: Final = 16
VERIFIER: Final = re.compile(r"[A-Za-z0-9_-]{43,128}")  # as RFC 7636's, without its dots and tildes


class Exchanged(NamedTuple):
    """An access token, its life in seconds, and the mailboxes it may be used for, oldest first."""

    access_token: str
    expires_in: int
    mailboxes: list[str]


class Sessions:
    """The operations. `live` is the same object that the edge asks."""

    def __init__(self, engine: Engine, tokens: AccessTokens, live: LiveSessions) -> None:
        self._engine = engine
        self._tokens = tokens
        self._live = live

    async def exchange(self, code: str, verifier: str) -> Exchanged:
        """The code's access token. SignInRefused, with one reason for all, for any code or verifier but the right."""
        taken = await transaction.write(self._engine, lambda connection: _take(connection, code))
        if taken is None or not _matches(verifier, taken.verifier_hash):
            raise SignInRefused(SignInReason.EXCHANGE_REFUSED)
        found = await transaction.read(self._engine, lambda connection: _session(connection, taken.session_id))
        if found is None:
            raise SignInRefused(SignInReason.EXCHANGE_REFUSED)
        principal = Principal(found.person_id, taken.session_id, secrets.token_urlsafe(JTI_BYTES))
        return Exchanged(self._tokens.mint(principal, int(time.time())), LIFETIME_S, found.mailboxes)

    async def sign_out(self, principal: Principal) -> None:
        """End the caller's session. Repeatable."""
        now = clock.now()
        await transaction.write(self._engine, lambda c: sessions.revoke(c, principal.session_id, now=now))
        self._live.end(principal.session_id)


class _Session(NamedTuple):
    person_id: str
    mailboxes: list[str]


def _take(connection: Connection, code: str) -> exchange_codes.ExchangeCode | None:
    return exchange_codes.consume(connection, flows.digest(code), now=clock.now())


def _matches(verifier: str, challenge: bytes) -> bool:
    if not VERIFIER.fullmatch(verifier):
        return False
    return hmac.compare_digest(compact.encode(sha256(verifier.encode()).digest()).encode(), challenge)


def _session(connection: Connection, session_id: str) -> _Session | None:
    session = sessions.live(connection, session_id, now=clock.now(), idle=IDLE_MS)
    if session is None:
        return None
    owned = mailboxes.of_person(connection, session.person_id)
    return _Session(session.person_id, [mailbox.id for mailbox in owned])
