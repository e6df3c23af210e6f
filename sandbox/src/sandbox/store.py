"""The mailboxes: folders, messages, moves and what changed since when.

Guarantees that a message is in exactly one folder (one row, one column), that a move is all or nothing, and that each
change has a number of its own, in order, so that a delta round can be cut at any point. Never answers about a mailbox
that was not asked for.
"""

import dataclasses
import json
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sandbox import identifier
from sandbox.canary import STEM_BYTES, Canaries
from sandbox.database import Database, Row

ROOT = "msgfolderroot"
INBOX = "inbox"
DELETED = "deleteditems"
# name, display name, parent, hidden. The names are Graph's mailFolder well-known names.
WELL_KNOWN = (
    (ROOT, "Top of Information Store", None, False),
    (INBOX, "Inbox", ROOT, False),
    ("drafts", "Drafts", ROOT, False),
    ("sentitems", "Sent Items", ROOT, False),
    (DELETED, "Deleted Items", ROOT, False),
    ("junkemail", "Junk Email", ROOT, False),
    ("outbox", "Outbox", ROOT, False),
    ("archive", "Archive", ROOT, False),
    ("conversationhistory", "Conversation History", ROOT, True),
    ("syncissues", "Sync Issues", ROOT, True),
    ("conflicts", "Conflicts", "syncissues", True),
    ("localfailures", "Local Failures", "syncissues", True),
    ("serverfailures", "Server Failures", "syncissues", True),
    ("recoverableitemsdeletions", "Deletions", ROOT, True),
)
MESSAGE_COLUMNS = "number, mailbox, id, immutable_id, folder_id, received, changed, is_read, moves, envelope"
FOLDER_COLUMNS = "id, mailbox, parent_id, name, well_known, hidden"


class FolderExists(Exception):
    """A folder of that name is there already."""


@dataclasses.dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as the database holds it. `envelope` is ASCII JSON; `received` is RFC 3339 UTC to the second."""

    number: int
    mailbox: str
    id: str
    immutable_id: str
    folder_id: str
    received: str
    changed: int
    is_read: int
    moves: int
    envelope: str


@dataclasses.dataclass(frozen=True, slots=True)
class FolderRow:
    """A mailFolder as the database holds it. `name` is decoded."""

    id: str
    mailbox: str
    parent_id: str | None
    name: str
    well_known: str | None
    hidden: bool


@dataclasses.dataclass(frozen=True, slots=True)
class FolderCounts:
    """What a mailFolder says about its contents."""

    messages: int
    unread: int
    children: int


@dataclasses.dataclass(frozen=True, slots=True)
class NewMessage:
    """A message ready to be stored: what `seed` made of a SeedMessage."""

    folder_id: str
    received: str
    is_read: bool
    envelope: str
    body: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Removed:
    """A message that left a folder: both ids that it had there."""

    id: str
    immutable_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One entry of a delta round: a message that is in the folder, or one that left it."""

    number: int
    entry: MessageRow | Removed


def text_json(text: str) -> str:
    """Any text as ASCII JSON, the form in which the database holds it."""
    return json.dumps(text)


class Store:
    """All mailboxes of one database file."""

    def __init__(self, path: Path, mailboxes: Iterable[str]) -> None:
        self.database = Database(path)
        self.name = self.database.keepsake("store", secrets.token_hex(8).encode()).decode()
        self.canaries = Canaries(self.database.keepsake("stem", secrets.token_hex(STEM_BYTES).encode()).decode())
        self._change = self._last_change()
        for mailbox in mailboxes:
            self._furnish(mailbox)

    def close(self) -> None:
        """Give the file back."""
        self.database.close()

    @property
    def change(self) -> int:
        """The number of the last change."""
        return self._change

    def _last_change(self) -> int:
        row = self.database.row(
            "SELECT max(coalesce((SELECT max(changed) FROM message), 0),"
            " coalesce((SELECT max(changed) FROM departure), 0))"
        )
        return int(row[0]) if row else 0

    def _next_change(self) -> int:
        self._change += 1
        return self._change

    # Folders

    def _furnish(self, mailbox: str) -> None:
        if self.database.row("SELECT 1 FROM folder WHERE mailbox = ?", mailbox):
            return
        ids: dict[str, str] = {}
        with self.database.transaction():
            for well_known, name, parent, hidden in WELL_KNOWN:
                ids[well_known] = self._insert_folder(
                    mailbox, ids.get(parent or ""), name, well_known=well_known, hidden=hidden
                )

    def _insert_folder(
        self, mailbox: str, parent_id: str | None, name: str, *, well_known: str | None, hidden: bool
    ) -> str:
        made = identifier.folder_id()
        self.database.write(
            f"INSERT INTO folder ({FOLDER_COLUMNS}, name_key) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  # constant columns
            *(made, mailbox, parent_id, text_json(name), well_known, hidden, text_json(name.casefold())),
        )
        return made

    def create_folder(self, mailbox: str, parent_id: str, name: str, *, hidden: bool = False) -> FolderRow:
        """A new folder under `parent_id`; FolderExists when a sibling has that name in any letter case."""
        if self.child_named(mailbox, parent_id, name):
            raise FolderExists
        made = self._insert_folder(mailbox, parent_id, name, well_known=None, hidden=hidden)
        return FolderRow(made, mailbox, parent_id, name, None, hidden)

    def child_named(self, mailbox: str, parent_id: str, name: str) -> FolderRow | None:
        """The folder under `parent_id` that has this name, letter case aside."""
        where = "mailbox = ? AND parent_id = ? AND name_key = ?"
        return next(iter(self._folders(where, mailbox, parent_id, text_json(name.casefold()))), None)

    def folder(self, mailbox: str, name_or_id: str) -> FolderRow | None:
        """A folder by its id, or by a well-known name in any letter case."""
        where = "mailbox = ? AND (id = ? OR well_known = ?)"
        return next(iter(self._folders(where, mailbox, name_or_id, name_or_id.casefold())), None)

    def children(self, mailbox: str, parent_id: str, *, hidden: bool, offset: int, limit: int) -> list[FolderRow]:
        """Folders right under `parent_id`, in the order they were made; hidden ones only when asked for."""
        where = "mailbox = ? AND parent_id = ? AND hidden <= ? ORDER BY rowid LIMIT ? OFFSET ?"
        return self._folders(where, mailbox, parent_id, hidden, limit, offset)

    def all_folders(self) -> list[FolderRow]:
        """Every folder of every mailbox."""
        return self._folders("TRUE")

    def _folders(self, where: str, *values: object) -> list[FolderRow]:
        rows = self.database.rows(f"SELECT {FOLDER_COLUMNS} FROM folder WHERE {where}", *values)  # noqa: S608  # constants of this module
        return [FolderRow(row[0], row[1], row[2], json.loads(row[3]), row[4], bool(row[5])) for row in rows]

    def counts(self, folder_id: str) -> FolderCounts:
        """How much a folder holds."""
        messages, read = self.database.rows(
            "SELECT count(*), coalesce(sum(is_read), 0) FROM message WHERE folder_id = ?", folder_id
        )[0]
        ((children,),) = self.database.rows("SELECT count(*) FROM folder WHERE parent_id = ? AND NOT hidden", folder_id)
        return FolderCounts(messages, messages - read, children)

    # Messages

    def add(self, mailbox: str, messages: Iterable[NewMessage]) -> list[str]:
        """Store new messages in one transaction; their immutable ids in order."""
        with self.database.transaction():
            ids: list[str] = []
            for message in messages:
                ids.append(self._insert(mailbox, message, self._fresh_immutable_id(ids)))
        return ids

    def _fresh_immutable_id(self, before: list[str]) -> str:
        if len(before) % identifier.TWIN_EVERY == identifier.TWIN_EVERY - 1:
            return identifier.case_twin(before[-1])
        return identifier.immutable_id()

    def _insert(self, mailbox: str, message: NewMessage, immutable_id: str) -> str:
        self.database.write(
            "INSERT INTO message (mailbox, id, immutable_id, folder_id, received, changed, is_read, envelope, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(mailbox, identifier.default_id(), immutable_id, message.folder_id, message.received, self._next_change()),
            *(message.is_read, message.envelope, message.body),
        )
        return immutable_id

    def is_empty(self) -> bool:
        """Whether no mailbox holds a message."""
        return self.database.row("SELECT 1 FROM message LIMIT 1") is None

    def message(self, mailbox: str, any_id: str) -> MessageRow | None:
        """A message by its default or its immutable id, letter case told apart."""
        return next(iter(self._messages("(id = ? OR immutable_id = ?) AND mailbox = ?", any_id, any_id, mailbox)), None)

    def body(self, number: int) -> str | None:
        """The text that a seed gave message `number`, as JSON."""
        row = self.database.row("SELECT body FROM message WHERE number = ?", number)
        return row[0] if row else None

    def page(self, folder_id: str, after: tuple[str, int] | None, limit: int) -> list[MessageRow]:
        """Newest first: up to `limit` messages of a folder after the (received, number) of the last one seen."""
        if after is None:
            return self._messages("folder_id = ? ORDER BY received DESC, number DESC LIMIT ?", folder_id, limit)
        where = "folder_id = ? AND (received, number) < (?, ?) ORDER BY received DESC, number DESC LIMIT ?"
        return self._messages(where, folder_id, *after, limit)

    def all_messages(self) -> list[MessageRow]:
        """Every message of every mailbox."""
        return self._messages("TRUE ORDER BY number")

    def _messages(self, where: str, *values: object) -> list[MessageRow]:
        rows = self.database.rows(f"SELECT {MESSAGE_COLUMNS} FROM message WHERE {where}", *values)  # noqa: S608  # constants of this module
        return [MessageRow(*row) for row in rows]

    def move(self, message: MessageRow, folder_id: str, *, counted: bool = True) -> MessageRow:
        """Copy and delete, as Exchange does: a new default id, the same immutable id, even into the same folder.

        `moves` counts what clients did; the owner's own moves are not `counted`.
        """
        moves = message.moves + counted
        moved = dataclasses.replace(message, id=identifier.default_id(), folder_id=folder_id, moves=moves)
        with self.database.transaction():
            self._depart(message)
            moved = dataclasses.replace(moved, changed=self._next_change())
            self.database.write(
                "UPDATE message SET id = ?, folder_id = ?, moves = ?, changed = ? WHERE number = ?",
                *(moved.id, moved.folder_id, moved.moves, moved.changed, moved.number),
            )
        return moved

    def delete(self, message: MessageRow) -> None:
        """Remove a message for good."""
        with self.database.transaction():
            self._depart(message)
            self.database.write("DELETE FROM message WHERE number = ?", message.number)

    def _depart(self, message: MessageRow) -> None:
        values = (self._next_change(), message.folder_id, message.id, message.immutable_id)
        self.database.write("INSERT INTO departure (changed, folder_id, id, immutable_id) VALUES (?, ?, ?, ?)", *values)

    # Changes

    def changes(self, folder_id: str, span: tuple[int, int], limit: int, *, immutable: bool) -> list[Change]:
        """What changed in a folder after the first number of `span`, up to and with the second, at most `limit`.

        Told in immutable ids, a message that left and came back is one that is there; told in default ids, its old id
        left for good.
        """
        rows = self.database.rows(CHANGES, folder_id, *span, folder_id, *span, not immutable, limit)
        return [_change(row) for row in rows]


CHANGES = f"""
SELECT changed, {MESSAGE_COLUMNS} FROM message WHERE folder_id = ? AND changed > ? AND changed <= ?
UNION ALL
SELECT changed, NULL, NULL, id, immutable_id, NULL, NULL, NULL, NULL, NULL, NULL FROM departure
WHERE folder_id = ? AND changed > ? AND changed <= ?
AND (? OR NOT EXISTS (
    SELECT 1 FROM message
    WHERE message.immutable_id = departure.immutable_id AND message.folder_id = departure.folder_id
))
ORDER BY 1 LIMIT ?
"""  # noqa: S608  # constants of this module


def _change(row: Row) -> Change:
    if row[1] is None:
        return Change(row[0], Removed(row[3], row[4]))
    columns: tuple[Any, ...] = row[1:]
    return Change(row[0], MessageRow(*columns))
