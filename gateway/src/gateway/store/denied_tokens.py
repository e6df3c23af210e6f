"""Single access tokens that are refused before they end, by their jti: never by their text, which has two spellings."""

from sqlalchemy import Connection, delete, insert, select

from gateway.store.tables import denied_token


def deny(connection: Connection, jti: str, session_id: str, *, expires_at: int) -> None:
    """Refuse a token from now on, until it would have ended anyway. Repeatable."""
    if jti not in of_session(connection, session_id):
        connection.execute(insert(denied_token).values(id=jti, session_id=session_id, expires_at=expires_at))


def of_session(connection: Connection, session_id: str) -> frozenset[str]:
    """The jtis that are refused of a session."""
    query = select(denied_token.c.id).where(denied_token.c.session_id == session_id)
    return frozenset(connection.execute(query).scalars())


def purge(connection: Connection, *, before: int) -> int:
    """Delete those that ended before that moment; returns how many."""
    return connection.execute(delete(denied_token).where(denied_token.c.expires_at < before)).rowcount
