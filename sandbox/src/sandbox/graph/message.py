"""A message in Graph's JSON.

Guarantees that an answer holds exactly the properties selected, and everything - body, preview and canaries included -
when none were: a client that forgets its $select reads what it must not read, and shows it.
"""

import base64
import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.canary import Canaries
from sandbox.store import MessageRow, Removed, Store

PREVIEW_CHARACTERS = 255  # Graph: bodyPreview is the first 255 characters of the body
ATTACHMENT_EVERY = 5  # each 5th message has an attachment
NAMED = "singleValueExtendedProperties"
LIST_ID = "String {00020386-0000-0000-c000-000000000046} Name list-id"  # PS_INTERNET_HEADERS, as Graph writes it back
CONTENT = frozenset({"body", "bodyPreview", "uniqueBody"})  # what Mail.ReadBasic doesn't let through


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """All that a property is made from."""

    row: MessageRow
    envelope: Mapping[str, Any]
    store: Store
    immutable: bool

    @property
    def canaries(self) -> Canaries:
        """The sandbox's canaries."""
        return self.store.canaries

    def canary(self, field: str) -> str:
        """The canary of this message in `field`."""
        return self.canaries.of(field, self.row.number)


def message_id(entry: MessageRow | Removed, *, immutable: bool) -> str:
    """The id by which the caller wants to know a message."""
    return entry.immutable_id if immutable else entry.id


def etag(row: MessageRow) -> str:
    """A weak validator that changes with the message."""
    return f'W/"{change_key(row)}"'


def change_key(row: MessageRow) -> str:
    """Exchange's changeKey: opaque, another one after each change."""
    return "CQAAAB" + base64.urlsafe_b64encode(row.changed.to_bytes(9, "big")).decode()


def has_attachments(row: MessageRow) -> bool:
    """Whether the sandbox gave this message an attachment."""
    return row.number % ATTACHMENT_EVERY == 0


def _content(source: Source, field: str) -> dict[str, str]:
    stored = source.store.body(source.row.number)
    text = "The sandbox wrote this text." if stored is None else json.loads(stored)
    return {"contentType": "text", "content": f"{source.canary(field)} {text}"}


def _preview(source: Source) -> str:
    body = _content(source, "bodyPreview")["content"]
    return body[:PREVIEW_CHARACTERS]


def _internet_headers(source: Source) -> list[dict[str, str]]:
    headers = [{"name": "X-Sandbox-Canary", "value": source.canary("internetMessageHeaders")}]
    if source.envelope["listId"] is not None:
        headers.append({"name": "List-Id", "value": source.envelope["listId"]})
    return headers


def _hidden_recipient(source: Source, field: str) -> list[dict[str, dict[str, str]]]:
    canary = source.canary(field)
    return [{"emailAddress": {"name": canary, "address": f"{canary}@sandbox.test"}}]


def _flag(source: Source) -> dict[str, str]:
    return {"flagStatus": "flagged" if source.envelope.get("flagged") else "notFlagged"}


def _envelope(name: str) -> Callable[[Source], Any]:
    return lambda source: source.envelope[name]


def _constant(value: Any) -> Callable[[Source], Any]:
    return lambda _: value


def _named_property(source: Source, name: str) -> str | None:
    """What a named property holds: the List-Id where there is one, a canary in any other."""
    return source.envelope["listId"] if name == LIST_ID else source.canary("singleValueExtendedProperties")


def _named_properties(source: Source, names: Sequence[str]) -> dict[str, Any]:
    """Graph leaves the whole list out where a message has none of them."""
    held = [(name, value) for name in names if (value := _named_property(source, name)) is not None]
    return {NAMED: [{"id": name, "value": value} for name, value in held]} if held else {}


PROPERTIES: Mapping[str, Callable[[Source], Any]] = {
    "createdDateTime": lambda source: source.row.received,
    "lastModifiedDateTime": lambda source: source.row.received,
    "changeKey": lambda source: change_key(source.row),
    "categories": _constant([]),
    "receivedDateTime": lambda source: source.row.received,
    "sentDateTime": lambda source: source.row.received,
    "hasAttachments": lambda source: has_attachments(source.row),
    "internetMessageId": _envelope("internetMessageId"),
    "internetMessageHeaders": _internet_headers,
    "subject": _envelope("subject"),
    "bodyPreview": _preview,
    "importance": _constant("normal"),
    "parentFolderId": lambda source: source.row.folder_id,
    "conversationId": _envelope("conversationId"),
    "conversationIndex": _constant("AQHaSandbox="),
    "isDeliveryReceiptRequested": _constant(None),
    "isReadReceiptRequested": _constant(value=False),
    "isRead": lambda source: bool(source.row.is_read),
    "isDraft": _constant(value=False),
    "webLink": lambda source: f"https://outlook.sandbox.invalid/owa/?ItemID={source.canary('webLink')}",
    "inferenceClassification": _constant("focused"),
    "body": lambda source: _content(source, "body"),
    "uniqueBody": lambda source: _content(source, "uniqueBody"),
    "sender": _envelope("from"),
    "from": _envelope("from"),
    "toRecipients": _envelope("toRecipients"),
    "ccRecipients": _constant([]),
    "bccRecipients": lambda source: _hidden_recipient(source, "bccRecipients"),
    "replyTo": lambda source: _hidden_recipient(source, "replyTo"),
    "flag": _flag,
}
SELECTABLE = frozenset(PROPERTIES) | {"id"}


@dataclasses.dataclass(frozen=True, slots=True)
class View:
    """How one caller sees messages: which properties, which kind of id, and whether the scope lets content through.

    named: ids of named properties that were expanded.
    """

    store: Store
    select: tuple[str, ...] | None
    immutable: bool
    content: bool
    named: tuple[str, ...] = ()

    def document(self, row: MessageRow) -> dict[str, Any]:
        """The message as this caller sees it."""
        source = Source(row, json.loads(row.envelope), self.store, self.immutable)
        document: dict[str, Any] = {"@odata.etag": etag(row), "id": message_id(row, immutable=self.immutable)}
        for name in self.select or PROPERTIES:
            if name != "id" and (self.content or name not in CONTENT):
                document[name] = PROPERTIES[name](source)
        return document | _named_properties(source, self.named)

    def removed(self, entry: Removed) -> dict[str, Any]:
        """What a delta round says of a message that left: its id and nothing else."""
        return {"id": message_id(entry, immutable=self.immutable), "@removed": {"reason": "deleted"}}


def attachments(row: MessageRow, canaries: Canaries) -> list[dict[str, Any]]:
    """The attachments of a message, for a caller that expands them."""
    if not has_attachments(row):
        return []
    name = canaries.of("attachments", row.number)
    described = {
        "id": f"AAMkAttachment{row.number}",
        "name": f"{name}.pdf",
        "contentType": "application/pdf",
        "size": 1024,
    }
    return [{"@odata.type": "#microsoft.graph.fileAttachment", **described, "isInline": False}]
