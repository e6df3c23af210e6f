"""The wire of sentinel: protobuf to items and verdicts back, and nothing else.

Guarantees: a request that is malformed, too big or for an unknown purpose is refused whole; the work runs beside the
event loop, so that health and deadlines still answer, and stops between two slices once nobody waits for it.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from threading import Event
from typing import Any

import grpc

from chassis.errors import Conflict, InvalidArgument
from mail_organiser.clearance import BATCH_ID_LENGTH
from mail_organiser.columns import (
    MAX_ITEMS,
    FolderText,
    MalformedColumns,
    MessageText,
    decode_folders,
    decode_messages,
)
from mail_organiser.sentinel.v1 import sentinel_pb2, sentinel_pb2_grpc
from sentinel.cleared import REQUESTED, Purpose, cleared_folders, cleared_messages
from sentinel.finding import Field
from sentinel.inspector import Inspector
from sentinel.item import Item
from sentinel.signals import Signals
from sentinel.signing import Signer
from sentinel.verdict import Verdict

SLICE = 64  # items that are inspected before the caller is looked for again; some milliseconds
_Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """A request that holds what its type says."""

    batch_id: bytes
    purpose: Purpose
    messages: Sequence[MessageText]
    folders: Sequence[FolderText]


class SentinelServicer(sentinel_pb2_grpc.SentinelServiceServicer):
    """Answers Inspect."""

    def __init__(
        self, inspector: Inspector, signer: Signer, signals: Signals, executor: Executor, clock: Callable[[], float]
    ) -> None:
        """executor: threads for the work; clock: Unix seconds."""
        self._inspector = inspector
        self._signer = signer
        self._signals = signals
        self._executor = executor
        self._clock = clock

    def register(self, server: grpc.aio.Server) -> None:
        """Adds the service to a server."""
        sentinel_pb2_grpc.add_SentinelServiceServicer_to_server(self, server)

    async def Inspect(  # noqa: N802  # gRPC's name
        self,
        request: sentinel_pb2.InspectRequest,
        context: _Context,  # noqa: ARG002  # gRPC's signature
    ) -> sentinel_pb2.InspectResponse:
        """Judges a batch and signs what it cleared."""
        batch, abandoned = decoded(request), Event()
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, self._answer, batch, abandoned)
        finally:
            abandoned.set()

    def _answer(self, batch: Batch, abandoned: Event) -> sentinel_pb2.InspectResponse:
        messages = self._verdicts([message_item(one) for one in batch.messages], abandoned)
        folders = self._verdicts([folder_item(one) for one in batch.folders], abandoned)
        items = cleared_messages(batch.purpose, zip(batch.messages, messages, strict=True))
        items += cleared_folders(zip(batch.folders, folders, strict=True))
        return sentinel_pb2.InspectResponse(
            messages=encoded(messages),
            folders=encoded(folders),
            clearance=self._signer.sign(batch.batch_id, items, self._clock()),
            policy_hash=self._signer.policy_hash,
        )

    def _verdicts(self, items: Sequence[Item], abandoned: Event) -> list[Verdict]:
        verdicts: list[Verdict] = []
        for start in range(0, len(items), SLICE):
            if abandoned.is_set():
                raise Conflict("The caller left before the answer was ready.")
            verdicts += self._inspector.inspect(items[start : start + SLICE])
        self._signals.judged(items, verdicts)
        return verdicts


def decoded(request: sentinel_pb2.InspectRequest) -> Batch:
    """The batch in a request, or InvalidArgument."""
    if int(request.purpose) not in REQUESTED:
        raise InvalidArgument("The purpose must be CLASSIFY, LEARN, EXAMPLE or FOLDER.")
    if len(request.batch_id) != BATCH_ID_LENGTH:
        raise InvalidArgument(f"batch_id must be {BATCH_ID_LENGTH} random bytes.")
    if len(request.messages.present) + len(request.folders.present) > MAX_ITEMS:
        raise InvalidArgument(f"A batch holds at most {MAX_ITEMS} messages and folders. Send several.")
    try:
        messages, folders = decode_messages(request.messages), decode_folders(request.folders)
    except MalformedColumns as error:
        raise InvalidArgument(f"The columns contradict one another ({error}).") from None  # its words are fixed, too
    purpose = Purpose(request.purpose)
    if purpose is Purpose.FOLDER and messages:
        raise InvalidArgument("Messages are not inspected for FOLDER. Say what they are for.")
    return Batch(request.batch_id, purpose, messages, folders)


def message_item(message: MessageText) -> Item:
    """What of a message is inspected."""
    texts = {
        Field.SUBJECT: message.subject,
        Field.SENDER_NAME: message.sender_name,
        Field.SENDER_ADDRESS: message.sender_address,
        Field.LIST_ID: message.list_id,
    }
    return Item({field: text for field, text in texts.items() if text is not None}, message.recipients)


def folder_item(folder: FolderText) -> Item:
    """What of a folder is inspected. Its id is ours."""
    texts = {Field.FOLDER_NAME: folder.name, Field.FOLDER_DESCRIPTION: folder.description}
    return Item({field: text for field, text in texts.items() if text is not None})


def encoded(verdicts: Sequence[Verdict]) -> sentinel_pb2.InspectionColumns:
    """Verdicts as columns."""
    found = [(index, finding) for index, verdict in enumerate(verdicts) for finding in verdict.findings]
    return sentinel_pb2.InspectionColumns(
        outcome=[sentinel_pb2.Outcome.ValueType(verdict.outcome) for verdict in verdicts],
        risk=[verdict.risk for verdict in verdicts],
        findings=sentinel_pb2.FindingColumns(
            index=[index for index, _ in found],
            technique=[sentinel_pb2.Technique.ValueType(finding.technique) for _, finding in found],
            field=[sentinel_pb2.Field.ValueType(finding.field) for _, finding in found],
            start=[finding.start for _, finding in found],
            end=[finding.end for _, finding in found],
            weight=[finding.weight for _, finding in found],
            rule_id=[finding.rule_id for _, finding in found],
        ),
    )
