"""What owners said of single messages: where each belongs. The newest MOST of a mailbox, one for each message."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from gateway.store import mailboxes
from gateway.store.codes import EntryState
from gateway.store.tables import decision, journal_entry, owner_word, scan

MOST = 2000  # of one mailbox; older habits are not proposed
BATCH = 1000  # ids in one IN list


class OwnerWord(NamedTuple):
    """`folder_id` None: it belongs where it was. The hashes are keyed; unix ms."""

    mailbox_id: str
    message_id: str
    folder_id: str | None
    sender_hash: bytes
    list_hash: bytes | None
    organisation_hash: bytes | None
    at: int


def note(connection: Connection, mailbox_id: str, words: Sequence[OwnerWord]) -> None:
    """Keep at most BATCH words, each in place of an older one about its message; what is over MOST goes, oldest first.

    A word that says again what was said keeps its time: a step that runs twice changes nothing.
    """
    mailboxes.lock(connection, mailbox_id)
    fresh = _unsaid(connection, mailbox_id, words)
    if not fresh:
        return
    _forget(connection, mailbox_id, [one.message_id for one in fresh])
    connection.execute(insert(owner_word), [one._asdict() for one in fresh])
    beyond = newest(connection, mailbox_id, limit=MOST + len(fresh))[MOST:]
    _forget(connection, mailbox_id, [one.message_id for one in beyond])


def newest(connection: Connection, mailbox_id: str, *, limit: int = MOST) -> list[OwnerWord]:
    """A mailbox's words, newest first."""
    query = select(owner_word).where(owner_word.c.mailbox_id == mailbox_id)
    rows = connection.execute(query.order_by(owner_word.c.at.desc(), owner_word.c.message_id).limit(limit))
    return [OwnerWord(**row._asdict()) for row in rows]


def forget(connection: Connection, mailbox_id: str) -> None:
    """All that a mailbox's owner said: nothing is proposed of it any more."""
    connection.execute(delete(owner_word).where(owner_word.c.mailbox_id == mailbox_id))


def by_hand(connection: Connection, mailbox_id: str, places: Mapping[str, str]) -> set[str]:
    """Of at most BATCH messages (id to Graph id of the folder that each is in): those that their owner put there.

    That is: a scan of another folder has seen it, and no run of ours moved it there.
    """
    saw = select(decision.c.message_id, scan.c.source_graph_id).join(scan, scan.c.id == decision.c.scan_id)
    of_these = (decision.c.mailbox_id == mailbox_id) & decision.c.message_id.in_(list(places))
    seen = {message for message, place in connection.execute(saw.where(of_these)) if place != places[message]}
    moved = select(journal_entry.c.message_id, journal_entry.c.to_graph_id).where(
        journal_entry.c.mailbox_id == mailbox_id,
        journal_entry.c.message_id.in_(seen),
        journal_entry.c.state == EntryState.MOVED,
    )
    return seen - {message for message, place in connection.execute(moved) if place == places[message]}


def _unsaid(connection: Connection, mailbox_id: str, words: Sequence[OwnerWord]) -> list[OwnerWord]:
    about = owner_word.c.message_id.in_([one.message_id for one in words])
    query = select(owner_word.c.message_id, owner_word.c.folder_id).where(owner_word.c.mailbox_id == mailbox_id, about)
    said = {(message, place) for message, place in connection.execute(query)}
    return [one for one in words if (one.message_id, one.folder_id) not in said]


def _forget(connection: Connection, mailbox_id: str, message_ids: Sequence[str]) -> None:
    about = owner_word.c.message_id.in_(message_ids)
    connection.execute(delete(owner_word).where(owner_word.c.mailbox_id == mailbox_id, about))
