"""Sign-ins under way at Microsoft. Each can be taken up once: whoever deletes the row has it."""

from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert

from gateway.store.tables import sign_in


class SignIn(NamedTuple):
    """`id` = SHA-256 of the state parameter; `sealed` = the flow; `browser_hash` = SHA-256 of the login cookie."""

    id: bytes
    sealed: bytes
    browser_hash: bytes
    expires_at: int


def id_of(state: str) -> bytes:
    """The row id behind a state parameter."""
    return sha256(state.encode()).digest()


def add(connection: Connection, new: SignIn) -> None:
    """Remember a sign-in that was sent to Microsoft."""
    connection.execute(insert(sign_in), new._asdict())


def consume(connection: Connection, sign_in_id: bytes, *, now: int) -> SignIn | None:
    """Take up a sign-in; None when it is unknown, over or taken up already. The row is gone afterwards in any case."""
    row = connection.execute(delete(sign_in).where(sign_in.c.id == sign_in_id).returning(*sign_in.c)).one_or_none()
    return None if row is None or row.expires_at <= now else SignIn(**row._asdict())


def purge(connection: Connection, *, now: int) -> int:
    """Delete what nobody came back for; returns how many."""
    return connection.execute(delete(sign_in).where(sign_in.c.expires_at <= now)).rowcount
