"""Proposals that an owner does not want to see again: keyed hashes, the newest MOST of a mailbox."""

from sqlalchemy import Connection, delete, insert, select

from gateway.store import mailboxes
from gateway.store.tables import dismissal

MOST = 1000  # of one mailbox


def note(connection: Connection, mailbox_id: str, keyed_hash: bytes, *, now: int) -> None:
    """Keep it; again it is the same. What is over MOST goes, oldest first."""
    mailboxes.lock(connection, mailbox_id)
    mine = dismissal.c.mailbox_id == mailbox_id
    connection.execute(delete(dismissal).where(mine, dismissal.c.keyed_hash == keyed_hash))
    connection.execute(insert(dismissal), {"mailbox_id": mailbox_id, "keyed_hash": keyed_hash, "at": now})
    query = select(dismissal.c.keyed_hash).where(mine).order_by(dismissal.c.at.desc(), dismissal.c.keyed_hash)
    beyond = list(connection.execute(query.limit(MOST + 1)).scalars())[MOST:]
    connection.execute(delete(dismissal).where(mine, dismissal.c.keyed_hash.in_(beyond)))


def of_mailbox(connection: Connection, mailbox_id: str) -> frozenset[bytes]:
    """All that a mailbox's owner dismissed."""
    return frozenset(
        connection.execute(select(dismissal.c.keyed_hash).where(dismissal.c.mailbox_id == mailbox_id)).scalars()
    )
