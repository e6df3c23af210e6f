"""Which filed messages a profile has learned from, and as being in which folder; a repeated step learns none twice.

What the owner had forgotten stays noted, so that it isn't learned from again where it lies.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, delete, false, func, insert, select, update

from gateway.store.tables import learned_message

BATCH = 1000  # ids in one IN list; SQLite allows 32,766 bound values, PostgreSQL 65,535


def folders_of(connection: Connection, mailbox_id: str, message_ids: Sequence[str]) -> dict[str, str]:
    """Message id to the folder id it was learned as, for those that were learned, ever. At most BATCH ids."""
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


def counts(connection: Connection, mailbox_id: str) -> dict[str, int]:
    """How many messages are learned as being in each folder; what was forgotten is none of them."""
    query = select(learned_message.c.folder_id, func.count()).where(_kept(mailbox_id))
    return dict(connection.execute(query.group_by(learned_message.c.folder_id)).tuples().all())


def folder_of(connection: Connection, mailbox_id: str, message_id: str) -> str | None:
    """The folder it is learned as being in; None if it isn't learned, or was forgotten."""
    query = select(learned_message.c.folder_id).where(_kept(mailbox_id), learned_message.c.message_id == message_id)
    return connection.execute(query).scalar_one_or_none()


def unlearn(connection: Connection, mailbox_id: str, folder_id: str | None = None) -> None:
    """What is learned, of one folder or all, is to be learned again; what was forgotten stays so."""
    connection.execute(delete(learned_message).where(_kept(mailbox_id), *_in(folder_id)))


def forget(connection: Connection, mailbox_id: str, folder_id: str | None = None) -> int:
    """What is learned, of one folder or all, is not to be learned again; how many messages that are."""
    return connection.execute(
        update(learned_message).where(_kept(mailbox_id), *_in(folder_id)).values(forgotten=True)
    ).rowcount


def forget_message(connection: Connection, mailbox_id: str, message_id: str) -> bool:
    """Of one message; False if somebody had it forgotten meanwhile, or it isn't learned."""
    one = update(learned_message).where(_kept(mailbox_id), learned_message.c.message_id == message_id)
    return connection.execute(one.values(forgotten=True)).rowcount == 1


def _kept(mailbox_id: str) -> ColumnElement[bool]:
    return (learned_message.c.mailbox_id == mailbox_id) & (learned_message.c.forgotten == false())


def _in(folder_id: str | None) -> Sequence[ColumnElement[bool]]:
    return () if folder_id is None else (learned_message.c.folder_id == folder_id,)
