"""The owner's folders: which may be moved into, and which are scanned. Names and descriptions are sealed."""

from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from gateway.store.errors import RowAbsent, StaleVersion
from gateway.store.tables import folder


class Folder(NamedTuple):
    """`chosen`: mail may be moved into it. `origin`: it is scanned. `revision` starts at 1 and counts changes."""

    id: str
    mailbox_id: str
    graph_id: str
    name_sealed: bytes
    description_sealed: bytes | None
    chosen: bool
    origin: bool
    revision: int


def add(connection: Connection, new: Folder) -> None:
    """Store a folder. Its id (`ids.new("fld")`) comes first: the sealed name is bound to it."""
    connection.execute(insert(folder), new._asdict())


def get(connection: Connection, mailbox_id: str, folder_id: str) -> Folder:
    """One folder of a mailbox. Raises RowAbsent."""
    row = connection.execute(
        select(folder).where(folder.c.id == folder_id, folder.c.mailbox_id == mailbox_id)
    ).one_or_none()
    if row is None:
        raise RowAbsent("no such folder")
    return Folder(**row._asdict())


def of_mailbox(connection: Connection, mailbox_id: str, *, chosen: bool | None = None) -> list[Folder]:
    """A mailbox's folders in the order of their ids; all of them, or only the chosen or not chosen ones."""
    query = select(folder).where(folder.c.mailbox_id == mailbox_id).order_by(folder.c.id)
    if chosen is not None:
        query = query.where(folder.c.chosen == chosen)
    return [Folder(**row._asdict()) for row in connection.execute(query)]


def change(connection: Connection, changed: Folder) -> Folder:
    """Write a folder that was read at `changed.revision`, return the next. Raises RowAbsent, StaleVersion."""
    current = (folder.c.id == changed.id) & (folder.c.mailbox_id == changed.mailbox_id)
    written = changed._replace(revision=changed.revision + 1)
    mutable = {name: getattr(written, name) for name in _MUTABLE}
    if (
        connection.execute(
            update(folder).where(current, folder.c.revision == changed.revision).values(mutable)
        ).rowcount
        != 1
    ):
        get(connection, changed.mailbox_id, changed.id)
        raise StaleVersion("the folder was changed by someone else; read it again")
    return written


def remove(connection: Connection, mailbox_id: str, folder_id: str) -> None:
    """Forget a folder that is gone from the mailbox; decisions that named it keep its id. Raises RowAbsent."""
    gone = delete(folder).where(folder.c.id == folder_id, folder.c.mailbox_id == mailbox_id)
    if connection.execute(gone).rowcount != 1:
        raise RowAbsent("no such folder")


_MUTABLE = ("name_sealed", "description_sealed", "chosen", "origin", "revision")
