"""One-time codes that a tab trades for its session. Each works once, whoever presents it and however fast.

A used one stays known as long as it would have worked, so that its second use is seen.
"""

from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from gateway.store.tables import exchange_code


class ExchangeCode(NamedTuple):
    """`verifier_hash` = SHA-256 of what only the tab holds; compare it in constant time after consuming."""

    code_hash: bytes
    session_id: str
    verifier_hash: bytes
    expires_at: int


def add(connection: Connection, new: ExchangeCode) -> None:
    """Remember a code that was handed to a page."""
    connection.execute(insert(exchange_code), new._asdict())


def consume(connection: Connection, code_hash: bytes, *, now: int) -> ExchangeCode | None:
    """Use a code up; None when it is unknown, over or used. One statement: of many at once, one wins."""
    fresh = (exchange_code.c.code_hash == code_hash) & (exchange_code.c.expires_at > now)
    taken = update(exchange_code).where(fresh, exchange_code.c.used_at.is_(None)).values(used_at=now)
    columns = [exchange_code.c[name] for name in ExchangeCode._fields]
    row = connection.execute(taken.returning(*columns)).one_or_none()
    return None if row is None else ExchangeCode(**row._asdict())


def used_for(connection: Connection, code_hash: bytes, *, now: int) -> str | None:
    """The session of a code that was used and would still work; None of any other."""
    used = exchange_code.c.used_at.is_not(None) & (exchange_code.c.expires_at > now)
    query = select(exchange_code.c.session_id).where(exchange_code.c.code_hash == code_hash, used)
    return connection.execute(query).scalar_one_or_none()


def purge(connection: Connection, *, now: int) -> int:
    """Delete the codes that are over; returns how many."""
    return connection.execute(delete(exchange_code).where(exchange_code.c.expires_at <= now)).rowcount
