"""What goes into a $batch: at most 20 calls, each from one of four makers here.

Guarantees: every item carries Prefer: IdType="ImmutableId" in its own headers and a fixed $select in its own address;
a MoveBatch runs in order (dependsOn) and takes one of the mailbox's four places; a ReadBatch runs in order as well, or
all at once and then takes as many places as it has calls.
Source: learn.microsoft.com/graph/json-batching and outlook-immutable-id.
"""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field
from typing import Final, final

import msgspec

from gateway.graph.folder import WELL_KNOWN, AllowedFolder
from gateway.graph.gate import CONCURRENT
from gateway.graph.link import FOLDER_SELECT, Asked
from gateway.graph.message import MessageId, is_graph_id

MAX_BATCH: Final = 20  # calls; Graph's own limit
MAX_UNCHAINED: Final = CONCURRENT  # calls: Graph starts them together, and throttles those over the mailbox's limit
PREFER_IMMUTABLE: Final = 'IdType="ImmutableId"'
PLACE_SELECT: Final = "id,parentFolderId"
_PROOF: Final = object()
_Item = dict[str, object]
_READ_HEADERS: Final = {"Prefer": PREFER_IMMUTABLE}
_MOVE_HEADERS: Final = {"Prefer": PREFER_IMMUTABLE, "Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class _Batch:
    """content: the JSON to send; size: how many calls are in it, with ids "1" to str(size); weight: places it takes."""

    content: bytes = field(repr=False)
    size: int
    weight: int
    proof: InitVar[object]

    def __post_init__(self, proof: object) -> None:
        """Refuses everybody who isn't this module."""
        if proof is not _PROOF:
            raise TypeError("batches are made by gateway.graph.batch only")


@final
class ReadBatch(_Batch):
    """GETs with a fixed $select."""

    __slots__ = ()


@final
class MoveBatch(_Batch):
    """Moves, one after the other: when one fails, the rest is not run."""

    __slots__ = ()


def places(ids: Sequence[MessageId], *, chained: bool) -> ReadBatch:
    """Where these messages are."""
    urls = [f"/me/messages/{_segment(message_id)}?$select={PLACE_SELECT}" for message_id in ids]
    return _reads(urls, chained=chained)


def metadata(ids: Sequence[MessageId], *, asked: Asked, chained: bool) -> ReadBatch:
    """What a page would say of these messages."""
    urls = [f"/me/messages/{_segment(message_id)}?{asked.value}" for message_id in ids]
    return _reads(urls, chained=chained)


def special_folders(names: Sequence[str], *, chained: bool) -> ReadBatch:
    """Folders by their well-known names."""
    if not set(names) <= set(WELL_KNOWN):
        raise ValueError("not a well-known name")
    return _reads([f"/me/mailFolders/{name}?$select={FOLDER_SELECT}" for name in names], chained=chained)


def moves(ids: Sequence[MessageId], folder: AllowedFolder) -> MoveBatch:
    """Moves of these messages to folder, in this order."""
    if not isinstance(folder, AllowedFolder) or len(set(ids)) != len(ids):
        raise ValueError("a chain moves each message once, to an AllowedFolder")
    items = [_move(number, message_id, folder) for number, message_id in enumerate(ids, start=1)]
    return MoveBatch(_content(_in_order(items)), len(items), 1, _PROOF)


def _reads(urls: Sequence[str], *, chained: bool) -> ReadBatch:
    items: list[_Item] = [
        {"id": str(number), "method": "GET", "url": url, "headers": _READ_HEADERS}
        for number, url in enumerate(urls, start=1)
    ]
    if not chained and len(items) > MAX_UNCHAINED:
        raise ValueError(f"a batch without order has at most {MAX_UNCHAINED} calls")
    content = _content(_in_order(items) if chained else items)
    return ReadBatch(content, len(items), 1 if chained else len(items), _PROOF)


def _move(number: int, message_id: MessageId, folder: AllowedFolder) -> _Item:
    return {
        "id": str(number),
        "method": "POST",
        "url": f"/me/messages/{_segment(message_id)}/move?$select={PLACE_SELECT}",
        "headers": _MOVE_HEADERS,
        "body": {"destinationId": folder.id},
    }


def _in_order(items: Sequence[_Item]) -> list[_Item]:
    return [*items[:1], *({**item, "dependsOn": [str(number)]} for number, item in enumerate(items[1:], start=1))]


def _content(items: Sequence[_Item]) -> bytes:
    if not 1 <= len(items) <= MAX_BATCH:
        raise ValueError(f"a batch has 1 to {MAX_BATCH} calls")
    return msgspec.json.encode({"requests": items})


def _segment(message_id: MessageId) -> MessageId:
    if not is_graph_id(message_id):
        raise ValueError("not an id of Graph")
    return message_id
