"""What was learned about a mailbox, sealed, written by compare-and-swap."""

from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.store.errors import StaleVersion
from gateway.store.tables import profile

ABSENT = 0  # the version of a profile that does not exist yet


class Profile(NamedTuple):
    """`learned` = number of messages in it; `sealed` opens under the owner's key."""

    mailbox_id: str
    version: int
    learned: int
    sealed: bytes


def get(connection: Connection, mailbox_id: str) -> Profile | None:
    """The profile as last written."""
    row = connection.execute(select(profile).where(profile.c.mailbox_id == mailbox_id)).one_or_none()
    return None if row is None else Profile(**row._asdict())


def put(connection: Connection, mailbox_id: str, *, sealed: bytes, learned: int, expected: int) -> int:
    """Write over version `expected` (ABSENT: the first) and return the new version. Raises StaleVersion."""
    if expected == ABSENT:
        return _first(connection, Profile(mailbox_id, ABSENT + 1, learned, sealed))
    current = (profile.c.mailbox_id == mailbox_id) & (profile.c.version == expected)
    values = {"sealed": sealed, "learned": learned, "version": expected + 1}
    if connection.execute(update(profile).where(current).values(values)).rowcount != 1:
        raise StaleVersion("the profile was written by someone else; read it and learn again")
    return expected + 1


def discard(connection: Connection, mailbox_id: str) -> None:
    """Forget the profile, as an engine change demands; with learned_messages.unlearn, it is learned again."""
    connection.execute(delete(profile).where(profile.c.mailbox_id == mailbox_id))


def _first(connection: Connection, new: Profile) -> int:
    try:
        with connection.begin_nested():
            connection.execute(insert(profile), new._asdict())
    except IntegrityError:
        raise StaleVersion("a profile exists already; read it and learn again") from None
    return new.version
