"""Puts seed messages into a mailbox.

Guarantees that every folder named by a seed exists afterwards and that no text is changed on its way: what Graph's
clients see is what the seed said. Never reads a file: the seed readers do.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable

from sandbox.seed_message import SeedMessage, SeedRecipient
from sandbox.store import INBOX, ROOT, NewMessage, Store

REPLY_MARKS = ("re:", "fw:", "fwd:", "aw:", "wg:")


def load(store: Store, messages: Iterable[SeedMessage], mailbox: str) -> list[str]:
    """Store `messages` in `mailbox` (an oid); their immutable ids in order. One transaction: all of them or none."""
    folders = FolderPaths(store, mailbox)
    return store.add(mailbox, (_new_message(message, folders) for message in messages))


class FolderPaths:
    """Finds the folder of a path of display names, and makes what is missing of it."""

    def __init__(self, store: Store, mailbox: str) -> None:
        self._store = store
        self._mailbox = mailbox
        self._known: dict[str | None, str] = {}

    def folder_id(self, path: str | None) -> str:
        """The id of the folder at `path` ("Clients/North"), or of the inbox for None."""
        if path not in self._known:
            self._known[path] = self._find(path)
        return self._known[path]

    def _find(self, path: str | None) -> str:
        if path is None:
            return self._well_known(INBOX)
        folder_id = self._well_known(ROOT)
        for name in filter(None, path.split("/")):
            found = self._store.child_named(self._mailbox, folder_id, name)
            folder_id = (found or self._store.create_folder(self._mailbox, folder_id, name)).id
        return folder_id

    def _well_known(self, name: str) -> str:
        found = self._store.folder(self._mailbox, name)
        if found is None:
            raise LookupError(f"the mailbox has no {name}; it was not furnished")
        return found.id


def _new_message(message: SeedMessage, folders: FolderPaths) -> NewMessage:
    received = message.received_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = None if message.body is None else json.dumps(message.body)
    is_read = message.folder is not None  # what somebody filed, somebody read
    return NewMessage(folders.folder_id(message.folder), received, is_read, _envelope(message), body)


def _envelope(message: SeedMessage) -> str:
    sender = {"name": message.sender_name, "address": message.sender_address}
    return json.dumps(
        {
            "subject": message.subject,
            "from": {"emailAddress": sender} if any(sender.values()) else None,
            "toRecipients": [_recipient(one) for one in message.recipients],
            "internetMessageId": message.internet_message_id
            or f"<{_digest(message.subject + message.sender_address)}@sandbox.test>",
            "conversationId": f"AAQkAGSandbox{_digest(_topic(message.subject))}",
            "listId": message.list_id,
            "flagged": message.flagged,
        }
    )


def _recipient(recipient: SeedRecipient) -> dict[str, dict[str, str]]:
    return {"emailAddress": {"name": recipient.name, "address": recipient.address}}


def _topic(subject: str) -> str:
    topic = subject.strip().casefold()
    while topic.startswith(REPLY_MARKS):
        topic = topic.partition(":")[2].lstrip()
    return topic


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
