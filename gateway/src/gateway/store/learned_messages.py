"""Which filed messages a profile has learned from, and as being in which folder; a repeated step learns none twice."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, insert, select

from gateway.store.tables import learned_message

BATCH = 1000  # ids in one IN list; SQLite allows 32,766 bound values, PostgreSQL 65,535


def folders_of(connection: Connection, mailbox_id: str, message_ids: Sequence[str]) -> dict[str, str]:
    """Message id to the folder id it was learned as, for those that were learned. At most BATCH ids."""
    asked = learned_message.c.message_id.in_(message_ids[:BATCH])
    query = select(learned_message.c.message_id, learned_message.c.folder_id)
    rows = connection.execute(query.where(learned_message.c.mailbox_id == mailbox_id, asked))
    return dict(rows.all())


def record(connection: Connection, mailbox_id: str, learned: Mapping[str, str]) -> int:
    """Note messages (id to folder id) as learned, at most BATCH; returns how many were not known so before."""
    known = folders_of(connection, mailbox_id, list(learned))
    new = [(message, folder) for message, folder in learned.items() if known.get(message) != folder]
    if not new:
        return 0
    moved = learned_message.c.message_id.in_([message for message, _ in new if message in known])
    connection.execute(delete(learned_message).where(learned_message.c.mailbox_id == mailbox_id, moved))
    rows = [{"mailbox_id": mailbox_id, "message_id": message, "folder_id": folder} for message, folder in new]
    connection.execute(insert(learned_message), rows)
    return len(new)


def forget(connection: Connection, mailbox_id: str) -> None:
    """Everything is to be learned again."""
    connection.execute(delete(learned_message).where(learned_message.c.mailbox_id == mailbox_id))
