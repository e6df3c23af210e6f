"""Protections: whose mail and which folders are left alone, each once, at most MOST a mailbox."""

from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from gateway.store import mailboxes
from gateway.store.codes import ProtectionKind
from gateway.store.errors import RowAbsent, TooMany
from gateway.store.tables import protection

MOST = 500  # of one mailbox; all of them are opened for each page of a scan


class Protection(NamedTuple):
    """`sealed` is the text of whose mail it is; a protected folder has `folder_id` instead."""

    id: str
    mailbox_id: str
    kind: ProtectionKind
    keyed_hash: bytes
    sealed: bytes | None
    folder_id: str | None
    created_at: int


def add(connection: Connection, new: Protection) -> Protection:
    """The protection as it is kept: `new`, or the one that says the same already. Raises TooMany."""
    mailboxes.lock(connection, new.mailbox_id)
    kept = of_mailbox(connection, new.mailbox_id)
    for one in kept:
        if one.keyed_hash == new.keyed_hash:
            return one
    if len(kept) >= MOST:
        raise TooMany("this mailbox has as many protections as are kept")
    connection.execute(insert(protection), new._asdict())
    return new


def of_mailbox(connection: Connection, mailbox_id: str) -> list[Protection]:
    """A mailbox's protections, oldest first."""
    query = select(protection).where(protection.c.mailbox_id == mailbox_id)
    rows = connection.execute(query.order_by(protection.c.created_at, protection.c.id))
    return [Protection(**row._asdict()) for row in rows]


def folders(connection: Connection, mailbox_id: str) -> frozenset[str]:
    """The ids of a mailbox's protected folders."""
    query = select(protection.c.folder_id).where(protection.c.mailbox_id == mailbox_id)
    named = connection.execute(query.where(protection.c.kind == ProtectionKind.FOLDER)).scalars()
    return frozenset(one for one in named if one is not None)


def remove(connection: Connection, mailbox_id: str, protection_id: str) -> None:
    """Forget one. Raises RowAbsent."""
    gone = delete(protection).where(protection.c.id == protection_id, protection.c.mailbox_id == mailbox_id)
    if connection.execute(gone).rowcount != 1:
        raise RowAbsent("no such protection")
