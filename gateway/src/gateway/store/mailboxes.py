"""Mailboxes: a person has several, and each is reached through its owner only."""

from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from gateway.store.errors import RowAbsent
from gateway.store.tables import mailbox


class Mailbox(NamedTuple):
    """`subject_index` = keyed hash of the mailbox's directory id; the address is sealed."""

    id: str
    person_id: str
    subject_index: bytes
    address_sealed: bytes
    created_at: int


def add(connection: Connection, new: Mailbox) -> None:
    """Store a mailbox. Its id (`ids.new("mbx")`) comes first: the sealed address is bound to it."""
    connection.execute(insert(mailbox), new._asdict())


def owned(connection: Connection, person_id: str, mailbox_id: str) -> Mailbox:
    """The mailbox, if it is this person's. Raises RowAbsent otherwise."""
    row = connection.execute(
        select(mailbox).where(mailbox.c.id == mailbox_id, mailbox.c.person_id == person_id)
    ).one_or_none()
    if row is None:
        raise RowAbsent("no such mailbox")
    return Mailbox(**row._asdict())


def get(connection: Connection, mailbox_id: str) -> Mailbox:
    """The mailbox, for work that was authorised when it was queued. Raises RowAbsent."""
    row = connection.execute(select(mailbox).where(mailbox.c.id == mailbox_id)).one_or_none()
    if row is None:
        raise RowAbsent("no such mailbox")
    return Mailbox(**row._asdict())


def lock(connection: Connection, mailbox_id: str) -> None:
    """Hold the mailbox until this transaction ends: what is counted now is still so many when one more is written.

    Raises RowAbsent, also when it went while this waited for it.
    """
    held = connection.execute(select(mailbox.c.id).where(mailbox.c.id == mailbox_id).with_for_update(key_share=True))
    if held.one_or_none() is None:
        raise RowAbsent("no such mailbox")


def remove(connection: Connection, mailbox_id: str) -> None:
    """Delete it with every row below it: ON DELETE CASCADE leaves none out."""
    connection.execute(delete(mailbox).where(mailbox.c.id == mailbox_id))


def by_subject(connection: Connection, subject_index: bytes) -> Mailbox | None:
    """The mailbox behind a keyed hash, whoever connected it; None when nobody did."""
    row = connection.execute(select(mailbox).where(mailbox.c.subject_index == subject_index)).one_or_none()
    return None if row is None else Mailbox(**row._asdict())


def of_person(connection: Connection, person_id: str) -> list[Mailbox]:
    """A person's mailboxes, oldest first."""
    query = select(mailbox).where(mailbox.c.person_id == person_id).order_by(mailbox.c.created_at, mailbox.c.id)
    return [Mailbox(**row._asdict()) for row in connection.execute(query)]


def all_ids(connection: Connection) -> list[str]:
    """Every mailbox, oldest first: for work that a restart takes up."""
    return list(connection.execute(select(mailbox.c.id).order_by(mailbox.c.created_at, mailbox.c.id)).scalars())
