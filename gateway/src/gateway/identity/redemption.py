"""What presenting a one-time code or a refresh token comes to, in one transaction: a session's tokens, or a refusal.

Guarantees: of many at once exactly one gets something. A code that was used stays known until its end: used again, by
whomever, it ends the session that its first use gave (RFC 6749, 4.1.2). A session has the key that its code came with,
and is refreshed with a fresh proof of this key or not at all (RFC 9449, 5). A refresh token that was spent stays known
as long as its session: spent again it ends it, unless that is a double click.
"""

import hmac
import re
from enum import Enum, StrEnum, auto
from hashlib import sha256
from typing import Final, NamedTuple

from sqlalchemy import Connection

from gateway.identity import compact
from gateway.identity.dpop import Proved
from gateway.identity.jwt import Proof
from gateway.identity.live import IDLE_MS
from gateway.store import (
    clock,
    denied_tokens,
    exchange_codes,
    mailboxes,
    refresh_tokens,
    sessions,
    used_proofs,
)

TWICE_MS: Final = 10 * clock.SECOND  # spec: reuse so soon is a double click; either clock may be ahead
VERIFIER: Final = re.compile(r"[A-Za-z0-9_-]{43,128}")  # as RFC 7636's, without its dots and tildes


class Redeemed(NamedTuple):
    """Whose session got its next refresh token. `expires_at` in ms."""

    session_id: str
    person_id: str
    expires_at: int
    mailboxes: list[str]


class CodeReason(StrEnum):
    """Why a code gets nothing: for the audit log, never for who asks."""

    UNKNOWN = "unknown"
    OTHER_TAB = "other_tab"
    REPLAYED = "replayed"
    UNPROVED = "unproved"


class CodeRefused(NamedTuple):
    """`ended`: the session that this ended."""

    reason: CodeReason
    ended: str | None = None


class Refusal(Enum):
    """Why a refresh token gets nothing."""

    UNKNOWN = auto()
    UNPROVED = auto()
    TWICE = auto()
    STOLEN = auto()


class Exchange(NamedTuple):
    """What a tab presents: the hash of the code, its verifier, the key that is to be the session's."""

    code_hash: bytes
    verifier: str
    proved: Proved


class Refresh(NamedTuple):
    """What a tab presents: what its access token proves, the hash of the refresh token, the session's key."""

    tab: Proof
    spent: bytes
    proved: Proved


def exchange(connection: Connection, asked: Exchange, successor: bytes) -> Redeemed | CodeRefused:
    """Use a code up, whatever comes of it; successor is the hash of the first refresh token."""
    now = clock.now()
    taken = exchange_codes.consume(connection, asked.code_hash, now=now)
    if taken is None:
        return _replayed(connection, asked.code_hash, now)
    if not _matches(asked.verifier, taken.verifier_hash):
        return CodeRefused(CodeReason.OTHER_TAB)
    if not _used_first(connection, asked.proved, now):
        return CodeRefused(CodeReason.UNPROVED)
    sessions.bind(connection, taken.session_id, asked.proved.thumbprint)
    return _begin(connection, taken.session_id, successor) or CodeRefused(CodeReason.UNKNOWN)


def rotate(connection: Connection, asked: Refresh, successor: bytes) -> Redeemed | Refusal:
    """Spend one refresh token of the session and remember the next, both by their hashes."""
    now, session_id = clock.now(), asked.tab.session_id
    session = sessions.live(connection, session_id, now=now, idle=IDLE_MS)
    if session is None:
        return Refusal.UNKNOWN
    # Before anything is spent: who has the tokens without the key can't sign the tab out either.
    if session.key_hash != asked.proved.thumbprint or not _used_first(connection, asked.proved, now):
        return Refusal.UNPROVED
    if not refresh_tokens.spend(connection, asked.spent, session_id, now=now):
        return _again(connection, session_id, asked.spent, now)
    if not sessions.touch(connection, session_id, now=now, idle=IDLE_MS):
        return Refusal.UNKNOWN
    denied_tokens.purge(connection, before=now)
    denied_tokens.deny(connection, asked.tab.jti, session_id, expires_at=asked.tab.exp * clock.SECOND)
    return _begin(connection, session_id, successor) or Refusal.UNKNOWN


def _used_first(connection: Connection, proved: Proved, now: int) -> bool:
    used_proofs.purge(connection, before=now)
    return used_proofs.use(connection, proved.name, expires_at=proved.remembered_until)


def _replayed(connection: Connection, code_hash: bytes, now: int) -> CodeRefused:
    session_id = exchange_codes.used_for(connection, code_hash, now=now)
    if session_id is None:
        return CodeRefused(CodeReason.UNKNOWN)
    ended = sessions.revoke(connection, session_id, now=now)  # of many at once, one counts
    return CodeRefused(CodeReason.REPLAYED, session_id if ended else None)


def _matches(verifier: str, challenge: bytes) -> bool:
    if not VERIFIER.fullmatch(verifier):
        return False
    return hmac.compare_digest(compact.encode(sha256(verifier.encode()).digest()).encode(), challenge)


def _again(connection: Connection, session_id: str, spent: bytes, now: int) -> Refusal:
    spent_at = refresh_tokens.spent_at(connection, spent, session_id)
    if spent_at is None:
        return Refusal.UNKNOWN
    if abs(now - spent_at) < TWICE_MS:
        return Refusal.TWICE
    if not sessions.revoke(connection, session_id, now=now):  # of many at once, one counts
        return Refusal.UNKNOWN
    return Refusal.STOLEN


def _begin(connection: Connection, session_id: str, token_hash: bytes) -> Redeemed | None:
    session = sessions.live(connection, session_id, now=clock.now(), idle=IDLE_MS)
    if session is None:
        return None
    refresh_tokens.add(connection, token_hash, session_id)
    owned = mailboxes.of_person(connection, session.person_id)
    return Redeemed(session.id, session.person_id, session.expires_at, [mailbox.id for mailbox in owned])
