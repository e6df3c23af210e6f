"""Refresh tokens, by their hash. Each is spent once, whoever presents it and however fast; a spent one stays known."""

from sqlalchemy import Connection, insert, select, update

from gateway.store.tables import refresh_token


def add(connection: Connection, token_hash: bytes, session_id: str) -> None:
    """Remember a token that was handed out."""
    connection.execute(insert(refresh_token).values(token_hash=token_hash, session_id=session_id))


def spend(connection: Connection, token_hash: bytes, session_id: str, *, now: int) -> bool:
    """Use a token up; False unless it is this session's and was not spent. One statement: of many at once, one wins."""
    fresh = (refresh_token.c.token_hash == token_hash) & (refresh_token.c.session_id == session_id)
    spent = update(refresh_token).where(fresh, refresh_token.c.spent_at.is_(None)).values(spent_at=now)
    return connection.execute(spent).rowcount == 1


def spent_at(connection: Connection, token_hash: bytes, session_id: str) -> int | None:
    """When this token of this session was spent; None when it was not, or is nobody's."""
    known = (refresh_token.c.token_hash == token_hash) & (refresh_token.c.session_id == session_id)
    return connection.execute(select(refresh_token.c.spent_at).where(known)).scalar_one_or_none()
