"""Whom an owner wrote to: keyed hashes, replaced as a whole, at most MOST a mailbox."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, insert, select

from gateway.store import mailboxes
from gateway.store.tables import correspondent

MOST = 5000  # of one mailbox: a thousand sent messages with five recipients each
BATCH = 1000  # hashes in one IN list


def replace(connection: Connection, mailbox_id: str, keyed_hashes: Sequence[bytes]) -> int:
    """These, the most important first, and no others; how many were kept."""
    mailboxes.lock(connection, mailbox_id)
    kept = list(dict.fromkeys(keyed_hashes))[:MOST]
    connection.execute(delete(correspondent).where(correspondent.c.mailbox_id == mailbox_id))
    rows = [{"mailbox_id": mailbox_id, "keyed_hash": one} for one in kept]
    for start in range(0, len(rows), BATCH):
        connection.execute(insert(correspondent), rows[start : start + BATCH])
    return len(kept)


def among(connection: Connection, mailbox_id: str, asked: Collection[bytes]) -> frozenset[bytes]:
    """Those of at most BATCH hashes that are kept."""
    wanted = correspondent.c.keyed_hash.in_(list(asked)[:BATCH])
    query = select(correspondent.c.keyed_hash).where(correspondent.c.mailbox_id == mailbox_id, wanted)
    return frozenset(connection.execute(query).scalars())
