"""One-time codes that a tab trades for its session. Each works once, whoever presents it and however fast."""

from typing import NamedTuple

from sqlalchemy import Connection, delete, insert

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
    """Take a code; None when it is unknown, over or taken already. The row is gone afterwards in any case."""
    taken = delete(exchange_code).where(exchange_code.c.code_hash == code_hash).returning(*exchange_code.c)
    row = connection.execute(taken).one_or_none()
    return None if row is None or row.expires_at <= now else ExchangeCode(**row._asdict())


def purge(connection: Connection, *, now: int) -> int:
    """Delete the codes nobody used; returns how many."""
    return connection.execute(delete(exchange_code).where(exchange_code.c.expires_at <= now)).rowcount
