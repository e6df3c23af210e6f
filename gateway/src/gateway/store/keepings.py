"""What stays by itself in a mailbox, as its owner set it."""

from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from gateway.store import mailboxes
from gateway.store.tables import keeping


class Keeping(NamedTuple):
    """Whether mail of people written to and flagged mail stays, and for how many hours new mail does."""

    mailbox_id: str
    replied_to: bool
    flagged: bool
    younger_than_hours: int


def get(connection: Connection, mailbox_id: str) -> Keeping | None:
    """What was set; None while nothing was."""
    row = connection.execute(select(keeping).where(keeping.c.mailbox_id == mailbox_id)).one_or_none()
    return None if row is None else Keeping(**row._asdict())


def put(connection: Connection, new: Keeping) -> None:
    """Set it. The caller holds the mailbox (hold) while it reads and writes."""
    if get(connection, new.mailbox_id) is None:
        connection.execute(insert(keeping), new._asdict())
        return
    connection.execute(update(keeping).where(keeping.c.mailbox_id == new.mailbox_id).values(new._asdict()))


def hold(connection: Connection, mailbox_id: str) -> Keeping | None:
    """get, with the mailbox held until the transaction ends: two changes of different fields both count."""
    mailboxes.lock(connection, mailbox_id)
    return get(connection, mailbox_id)
