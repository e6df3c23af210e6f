"""Calls classifier. A choice that names no folder of the request counts as none; a short answer is an error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import grpc

from chassis.errors import FailedPrecondition, Internal, from_rpc
from gateway.clients.sentinel import Word
from gateway.organise.choice import Choice, FolderKey
from mail_organiser.classifier.v1 import classifier_pb2 as wire
from mail_organiser.classifier.v1.classifier_pb2_grpc import ClassifierServiceStub
from mail_organiser.columns import FolderText, MessageText, encode_folders, encode_messages


class ProfileRefused(FailedPrecondition):
    """The classifier can't use the profile: another engine's, or damaged. It is learned again from the folders."""

    code = "profile_refused"
    sentence = "What was learned can't be used any more. It is learned again from your folders."


DEADLINE = 20.0  # seconds for a batch of 256 with a profile of 1 MB; the learned engine needs well under one

_ENGINES: Final[Mapping[int, str]] = {wire.ENGINE_LEARNED: "learned", wire.ENGINE_PROVIDER: "provider"}
_REASONS: Final[Mapping[int, str]] = {
    wire.REASON_SENDER: "sender",
    wire.REASON_THREAD: "thread",
    wire.REASON_DOMAIN: "domain",
    wire.REASON_RECIPIENTS: "recipients",
    wire.REASON_WORDS: "words",
    wire.REASON_PROVIDER: "provider",
    wire.REASON_NOTHING_LEARNED: "nothing_learned",
}


@dataclass(frozen=True, slots=True)
class Profile:
    """A person's learned profile, opaque here, and how many messages it has learned from."""

    data: bytes
    learned: int


class ClassifierClient:
    """The one way to have a message filed or a filed one learned from."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = ClassifierServiceStub(channel)

    async def classify(
        self,
        word: Word,
        messages: Sequence[MessageText],
        folders: Sequence[FolderText],
        *,
        profile: bytes,
        feature_key: bytes,
    ) -> list[Choice]:
        """A choice for each message, in order. Raises the chassis error that stands for what went wrong."""
        request = wire.ClassifyRequest(
            batch_id=word.batch_id,
            messages=encode_messages(messages),
            folders=encode_folders(folders),
            profile=profile,
            feature_key=feature_key,
            clearance=word.clearance,
        )
        try:
            response = await self._stub.Classify(request, timeout=DEADLINE)
        except grpc.RpcError as error:
            raise from_rpc(error) from None
        return _choices(response, len(messages), folders)

    async def learn(
        self,
        word: Word,
        messages: Sequence[MessageText],
        filed_in: Sequence[FolderKey],
        *,
        profile: bytes,
        feature_key: bytes,
    ) -> Profile:
        """The profile after learning that messages[i] was filed in filed_in[i]."""
        names = sorted(set(filed_in))
        request = wire.LearnRequest(
            batch_id=word.batch_id,
            messages=encode_messages(messages),
            folder_id=names,
            label=[names.index(folder) for folder in filed_in],
            profile=profile,
            feature_key=feature_key,
            clearance=word.clearance,
        )
        try:
            response = await self._stub.Learn(request, timeout=DEADLINE)
        except grpc.RpcError as error:
            raise from_rpc(error) from None
        return Profile(response.profile, response.learned)


def _choices(response: wire.ClassifyResponse, expected: int, folders: Sequence[FolderText]) -> list[Choice]:
    columns = (response.folder, response.confidence, response.engine, response.reason)
    if any(len(column) != expected for column in columns):
        raise Internal("classifier chose for another number of messages than it was sent")
    return [_choice(*row, folders) for row in zip(*columns, strict=True)]


def _choice(folder: int, confidence: float, engine: int, reason: int, folders: Sequence[FolderText]) -> Choice:
    known = 0 <= folder < len(folders) and engine in _ENGINES and 0.0 <= confidence <= 1.0
    if not known:
        return Choice(None, 0.0, _ENGINES.get(engine, "none"), _REASONS.get(reason, "nothing_learned"))
    return Choice(FolderKey(folders[folder].id), confidence, _ENGINES[engine], _REASONS.get(reason, "words"))
