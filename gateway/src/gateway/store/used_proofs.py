"""Proofs of a session's key that were used, by their hash, as long as they could be used again."""

from sqlalchemy import Connection, delete, insert
from sqlalchemy.exc import IntegrityError

from gateway.store.tables import used_proof


def use(connection: Connection, proof_hash: bytes, *, expires_at: int) -> bool:
    """Use a proof up; False when it was. Of many at once, one wins."""
    try:
        with connection.begin_nested():
            connection.execute(insert(used_proof).values(proof_hash=proof_hash, expires_at=expires_at))
    except IntegrityError:
        return False
    return True


def purge(connection: Connection, *, before: int) -> int:
    """Delete those that are over; returns how many."""
    return connection.execute(delete(used_proof).where(used_proof.c.expires_at < before)).rowcount
