"""Calls classifier. A choice that names no folder of the request counts as none; a short answer is an error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import grpc

from chassis import logs
from chassis.errors import FailedPrecondition, Internal, ServiceError, from_rpc
from gateway.clients.sentinel import Word
from gateway.organise.choice import Choice, FolderKey
from gateway.organise.examples import Shown
from gateway.organise.terms import OFF, Terms
from gateway.store.spending import NOTHING, Spending
from mail_organiser.classifier.v1 import classifier_pb2 as wire
from mail_organiser.classifier.v1.classifier_pb2_grpc import ClassifierServiceStub
from mail_organiser.columns import FolderText, MessageText, encode_folders, encode_messages

_log = logs.get("gateway.clients")


class ProfileRefused(FailedPrecondition):
    """The classifier can't use the profile: another engine's, or damaged. It is learned again from the folders."""

    code = "profile_refused"
    sentence = "What was learned can't be used any more. It is learned again from your folders."


DEADLINE = 20.0  # seconds for a batch of 256 with a profile of 1 MB; the learned engine needs well under one
ASKING = 55.0  # seconds for a batch of which a provider may be asked; servers take no deadline over 60
LOOKING = 2.0  # seconds to say how the provider is

_ENGINES: Final[Mapping[int, str]] = {wire.ENGINE_LEARNED: "learned", wire.ENGINE_PROVIDER: "provider"}
_REASONS: Final[Mapping[int, str]] = {
    wire.REASON_SENDER: "sender",
    wire.REASON_THREAD: "thread",
    wire.REASON_DOMAIN: "domain",
    wire.REASON_RECIPIENTS: "recipients",
    wire.REASON_WORDS: "words",
    wire.REASON_PROVIDER: "provider",
    wire.REASON_WELL_KNOWN: "well_known",
    wire.REASON_NOTHING_LEARNED: "nothing_learned",
}
_STATES: Final[Mapping[int, str]] = {
    wire.PROVIDER_STATE_OFF: OFF,
    wire.PROVIDER_STATE_READY: "ready",
    wire.PROVIDER_STATE_UNENFORCED: "unenforced",
    wire.PROVIDER_STATE_UNREACHABLE: "unreachable",
    wire.PROVIDER_STATE_RESTING: "resting",
}
_DIGITS: Final = 4  # of a confidence: the wire's float is a little less than 0.9, and a threshold of 0.9 isn't
_DEAREST: Final = 10**9  # nanos a token: a price over one unit of money for a token is a mistake of somebody
_MOST: Final = 2**62  # what the database's integers hold, with room


@dataclass(frozen=True, slots=True)
class Offer:
    """What a provider may be shown and may cost in one call. shown: None is nothing."""

    allowance: Spending
    shown: Shown | None


@dataclass(frozen=True, slots=True)
class Classified:
    """A choice for each message, in order, and what asking a provider cost."""

    choices: list[Choice]
    spent: Spending


@dataclass(frozen=True, slots=True)
class Profile:
    """A person's learned profile, opaque here, and how many messages it has learned from."""

    data: bytes
    learned: int


class ClassifierClient:
    """The one way to have a message filed or a filed one learned from."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = ClassifierServiceStub(channel)

    async def provider(self) -> Terms:
        """How the provider is. A classifier that doesn't say has none that would be asked."""
        try:
            answer = await self._stub.GetProvider(wire.GetProviderRequest(), timeout=LOOKING)
        except grpc.RpcError as error:
            return _unheard(from_rpc(error))
        daily = Spending(min(answer.daily.tokens, _MOST), min(answer.daily.nanos, _MOST))
        state = _STATES.get(answer.state, "unknown")
        return Terms(state, daily, min(answer.prompt_token_nanos, _DEAREST), min(answer.answer_token_nanos, _DEAREST))

    async def classify(  # noqa: PLR0913  # by name; what of the person, and what of a provider
        self,
        word: Word,
        messages: Sequence[MessageText],
        folders: Sequence[FolderText],
        *,
        profile: bytes,
        feature_key: bytes,
        offer: Offer | None = None,
    ) -> Classified:
        """A choice for each message, in order. Raises the chassis error that stands for what went wrong."""
        request = wire.ClassifyRequest(
            batch_id=word.batch_id,
            messages=encode_messages(messages),
            folders=encode_folders(folders),
            profile=profile,
            feature_key=feature_key,
            clearance=word.clearance,
        )
        _add(request, offer)
        try:
            response = await self._stub.Classify(request, timeout=DEADLINE if offer is None else ASKING)
        except grpc.RpcError as error:
            raise from_rpc(error) from None
        return Classified(_choices(response, len(messages), folders), _spent(response, offer))

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

    async def forget(  # noqa: PLR0913  # by name; what of the messages, and what of the person
        self,
        word: Word | None,
        messages: Sequence[MessageText],
        filed_in: Sequence[FolderKey],
        folders: Sequence[FolderKey],
        *,
        profile: bytes,
        feature_key: bytes,
    ) -> Profile:
        """The profile without messages[i] as filed in filed_in[i], and without folders. word: over the messages."""
        names = sorted(set(filed_in))
        request = wire.ForgetRequest(
            batch_id=b"" if word is None else word.batch_id,
            messages=encode_messages(messages),
            folder_id=names,
            label=[names.index(folder) for folder in filed_in],
            forgotten_folder_id=folders,
            profile=profile,
            feature_key=feature_key,
            clearance=None if word is None else word.clearance,
        )
        try:
            response = await self._stub.Forget(request, timeout=DEADLINE)
        except grpc.RpcError as error:
            raise from_rpc(error) from None
        return Profile(response.profile, response.learned)


def _add(request: wire.ClassifyRequest, offer: Offer | None) -> None:
    """Without an offer, no provider is asked."""
    if offer is None:
        return
    request.allowance.CopyFrom(wire.Amount(tokens=offer.allowance.tokens, nanos=offer.allowance.nanos))
    if offer.shown is not None:
        columns = wire.ExampleColumns(
            batch_id=offer.shown.word.batch_id,
            messages=encode_messages(offer.shown.texts),
            label=offer.shown.labels,
            clearance=offer.shown.word.clearance,
        )
        request.examples.CopyFrom(columns)


def _spent(response: wire.ClassifyResponse, offer: Offer | None) -> Spending:
    """What the classifier says it spent; settling books no more than was reserved, whatever it says."""
    return NOTHING if offer is None else Spending(response.spent.tokens, response.spent.nanos)


def _unheard(error: ServiceError) -> Terms:
    _log.info("provider.unknown", code=error.code)
    return Terms.off()


def _choices(response: wire.ClassifyResponse, expected: int, folders: Sequence[FolderText]) -> list[Choice]:
    columns = (response.folder, response.confidence, response.engine, response.reason)
    if any(len(column) != expected for column in columns):
        raise Internal("classifier chose for another number of messages than it was sent")
    return [_choice(*row, folders) for row in zip(*columns, strict=True)]


def _choice(folder: int, confidence: float, engine: int, reason: int, folders: Sequence[FolderText]) -> Choice:
    known = 0 <= folder < len(folders) and engine in _ENGINES and 0.0 <= confidence <= 1.0
    if not known:
        return Choice(None, 0.0, _ENGINES.get(engine, "none"), _REASONS.get(reason, "nothing_learned"))
    sure = round(confidence, _DIGITS)
    return Choice(FolderKey(folders[folder].id), sure, _ENGINES[engine], _REASONS.get(reason, "words"))
