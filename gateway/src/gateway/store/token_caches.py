"""Each mailbox's sealed Microsoft token cache, written by compare-and-swap: of two refreshes exactly one is kept.

A refresh is one replica's at a time: whoever claims the row asks Microsoft, the others wait for what comes of it. A
claim runs out by itself, so a replica that died keeps nobody waiting for long.
"""

from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.store.codes import Access, Need
from gateway.store.errors import RowAbsent, StaleVersion
from gateway.store.tables import token_cache

ABSENT = 0  # the version of a cache that does not exist yet


class TokenCache(NamedTuple):
    """`sealed` and `claims_sealed` open under the owner's key; `need`: why Microsoft wants to see the owner again.

    `claims_sealed`: the claims challenge that the next sign-in must answer. `claimed_until`: unix ms. `granted`: the
    permissions that Microsoft told of; empty: it hasn't yet.
    """

    mailbox_id: str
    sealed: bytes
    version: int
    access: Access
    need: Need | None = None
    claims_sealed: bytes | None = None
    claimed_until: int | None = None
    granted: frozenset[str] = frozenset()


def get(connection: Connection, mailbox_id: str) -> TokenCache | None:
    """The cache as last written."""
    row = connection.execute(select(token_cache).where(token_cache.c.mailbox_id == mailbox_id)).one_or_none()
    return None if row is None else TokenCache(**row._asdict())


def put(  # noqa: PLR0913  # where, what, by name
    connection: Connection,
    mailbox_id: str,
    *,
    sealed: bytes,
    access: Access,
    granted: frozenset[str] = frozenset(),
    expected: int,
) -> int:
    """Write over version `expected` (ABSENT: none yet), nothing needed any more; the new one. Raises StaleVersion."""
    cache = {"sealed": sealed, "version": expected + 1, "access": access, "granted": granted}
    if expected == ABSENT:
        return _first(connection, {"mailbox_id": mailbox_id, **cache})
    current = (token_cache.c.mailbox_id == mailbox_id) & (token_cache.c.version == expected)
    values = {**cache, "need": None, "claims_sealed": None}
    if connection.execute(update(token_cache).where(current).values(values)).rowcount != 1:
        raise StaleVersion("the token cache was written by someone else; read it again")
    return expected + 1


def require(connection: Connection, mailbox_id: str, need: Need, claims_sealed: bytes | None = None) -> None:
    """Note that the owner must sign in again before this mailbox is touched. Raises RowAbsent."""
    values = {"need": need, "claims_sealed": claims_sealed}
    changed = update(token_cache).where(token_cache.c.mailbox_id == mailbox_id).values(values)
    if connection.execute(changed).rowcount != 1:
        raise RowAbsent("no token cache for this mailbox")


def claim(connection: Connection, mailbox_id: str, *, now: int, until: int) -> bool:
    """Whether the refresh is ours until then, unix ms; False while it is another's."""
    free = token_cache.c.claimed_until.is_(None) | (token_cache.c.claimed_until <= now)
    mine = update(token_cache).where(token_cache.c.mailbox_id == mailbox_id, free).values(claimed_until=until)
    return connection.execute(mine).rowcount == 1


def release(connection: Connection, mailbox_id: str, *, until: int) -> None:
    """Give a claim back; one that ran out and was taken over stays with whoever has it."""
    mine = (token_cache.c.mailbox_id == mailbox_id) & (token_cache.c.claimed_until == until)
    connection.execute(update(token_cache).where(mine).values(claimed_until=None))


def destroy(connection: Connection, mailbox_id: str) -> bool:
    """Delete it: no token of this mailbox can be had any more. False when there was none."""
    return connection.execute(delete(token_cache).where(token_cache.c.mailbox_id == mailbox_id)).rowcount == 1


def _first(connection: Connection, values: dict[str, object]) -> int:
    try:
        with connection.begin_nested():
            connection.execute(insert(token_cache), values)
    except IntegrityError:
        raise StaleVersion("a token cache exists already; read it again") from None
    return ABSENT + 1
