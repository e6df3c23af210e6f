"""Each mailbox's sealed Microsoft token cache, written by compare-and-swap: of two refreshes exactly one is kept."""

from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.store.errors import RowAbsent, StaleVersion
from gateway.store.tables import token_cache

ABSENT = 0  # the version of a cache that does not exist yet


class TokenCache(NamedTuple):
    """`sealed` opens under the owner's key; `needs_consent`: Microsoft wants to see the owner again."""

    mailbox_id: str
    sealed: bytes
    version: int
    needs_consent: bool


def get(connection: Connection, mailbox_id: str) -> TokenCache | None:
    """The cache as last written."""
    row = connection.execute(select(token_cache).where(token_cache.c.mailbox_id == mailbox_id)).one_or_none()
    return None if row is None else TokenCache(**row._asdict())


def put(connection: Connection, mailbox_id: str, *, sealed: bytes, expected: int) -> int:
    """Write over version `expected` (ABSENT: none yet), consent given; returns the new one. Raises StaleVersion."""
    if expected == ABSENT:
        return _first(connection, mailbox_id, sealed)
    current = (token_cache.c.mailbox_id == mailbox_id) & (token_cache.c.version == expected)
    values = {"sealed": sealed, "version": expected + 1, "needs_consent": False}
    if connection.execute(update(token_cache).where(current).values(values)).rowcount != 1:
        raise StaleVersion("the token cache was written by someone else; read it again")
    return expected + 1


def require_consent(connection: Connection, mailbox_id: str) -> None:
    """Note that the owner must sign in again before this mailbox is touched. Raises RowAbsent."""
    changed = update(token_cache).where(token_cache.c.mailbox_id == mailbox_id).values(needs_consent=True)
    if connection.execute(changed).rowcount != 1:
        raise RowAbsent("no token cache for this mailbox")


def _first(connection: Connection, mailbox_id: str, sealed: bytes) -> int:
    values = TokenCache(mailbox_id, sealed, ABSENT + 1, needs_consent=False)._asdict()
    try:
        with connection.begin_nested():
            connection.execute(insert(token_cache), values)
    except IntegrityError:
        raise StaleVersion("a token cache exists already; read it again") from None
    return ABSENT + 1
