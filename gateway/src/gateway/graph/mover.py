"""Moving messages: the one thing that this project does to a mailbox.

Guarantees: at most 20 messages in one chain, each named once, to an AllowedFolder; sent once; of the answer only
numbers, statuses, Retry-After and codes of a closed set are read. A MoveOutcome is certain or it is Unknown.
Must never: send a move again, decode a message, guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from gateway.graph import batch, errors, wire
from gateway.graph.errors import NO_FOLDER_CODES, NO_MAILBOX_CODES, OutcomeUnknown
from gateway.graph.folder import AllowedFolder
from gateway.graph.message import MessageId
from gateway.graph.retry import retry_after
from gateway.graph.transport import Transport
from gateway.graph.wire import ItemStatus

_MOVED: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
_NOT_ABOUT_THE_MESSAGE: Final = NO_MAILBOX_CODES | NO_FOLDER_CODES


@dataclass(frozen=True, slots=True)
class Moved:
    """Graph says it is done."""

    id: MessageId


@dataclass(frozen=True, slots=True)
class Gone:
    """Graph knows no such message (404)."""

    id: MessageId


@dataclass(frozen=True, slots=True)
class PutOff:
    """Not run, because Graph asked for a pause (429): ask again after so many seconds (None: Graph named no time)."""

    id: MessageId
    retry_after: float | None


@dataclass(frozen=True, slots=True)
class NotRun:
    """Not run, because one before it in the chain failed (424)."""

    id: MessageId


@dataclass(frozen=True, slots=True)
class Failed:
    """Refused. reason: one of KNOWN_CODES or "unknown"."""

    id: MessageId
    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have run: Reader.locate says where the message is, before anything else is done with it."""

    id: MessageId


MoveOutcome = Moved | Gone | PutOff | NotRun | Failed | Unknown


class Mover:
    """Moves messages of one mailbox. Needs Mail.ReadWrite."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def move(self, ids: Sequence[MessageId], folder: AllowedFolder) -> list[MoveOutcome]:
        """One outcome for each id, in order. ids: 1 to 20, run one after the other. A GraphError: nothing ran."""
        chain = batch.moves(ids, folder)
        try:
            items = wire.move_items(await self._transport.post_moves(chain), chain.size)
        except OutcomeUnknown:
            return [Unknown(message_id) for message_id in ids]
        except errors.Throttled as throttled:
            return [PutOff(message_id, throttled.retry_after) for message_id in ids]
        return [self._outcome(message_id, item) for message_id, item in zip(ids, items, strict=True)]

    def _outcome(self, message_id: MessageId, item: ItemStatus | None) -> MoveOutcome:
        if item is not None and item.status == HTTPStatus.TOO_MANY_REQUESTS:
            pause = retry_after(item.retry_after, self._transport.clock.wall())
            self._transport.pause(pause or 0.0)
            return PutOff(message_id, pause)
        return outcome(message_id, item)


def outcome(message_id: MessageId, item: ItemStatus | None) -> MoveOutcome:
    """Closed: a status that is not plainly "done" or "not done" is Unknown, as is silence."""
    if item is None:
        return Unknown(message_id)
    if item.status in _MOVED:
        return Moved(message_id)
    if item.status == HTTPStatus.FAILED_DEPENDENCY:
        return NotRun(message_id)
    if item.status == HTTPStatus.NOT_FOUND and item.reason not in _NOT_ABOUT_THE_MESSAGE:
        return Gone(message_id)
    refused = HTTPStatus.BAD_REQUEST <= item.status < HTTPStatus.INTERNAL_SERVER_ERROR
    if refused and item.status != HTTPStatus.REQUEST_TIMEOUT:
        return Failed(message_id, item.reason)
    return Unknown(message_id)
