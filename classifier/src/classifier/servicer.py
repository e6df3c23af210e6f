"""Wire to domain and back: ClassifierService. Protobuf goes no further than here and the gate.

Guarantees: the clearance is verified before a column is read; whatever is not cleared, malformed or not ours ends the
whole call with a typed error; the event loop only waits, the work is done in a few threads. Keeps nothing.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, TypeVar

from grpc.aio import ServicerContext

from chassis import logs
from chassis.errors import FailedPrecondition, InvalidArgument
from classifier import batch
from classifier.batch import Filing, Patience
from classifier.choice import Choice, Engine, Reason
from classifier.feature_key import FeatureKey, FeatureKeyRefused
from classifier.gate import ClearanceRefused, Cleared, ClearedBatch, ClearedExample, open_batch
from classifier.profile import ProfileRefused
from classifier.provider.judged import Improved, Judged
from classifier.provider.purse import Amount
from classifier.provider.state import State
from mail_organiser.classifier.v1 import classifier_pb2 as pb
from mail_organiser.classifier.v1 import classifier_pb2_grpc as rpc
from mail_organiser.clearance import Trust
from mail_organiser.columns import MAX_ITEMS, MalformedColumns, decode_folders, decode_messages

if TYPE_CHECKING:
    from classifier.provider.asking import Asking  # imports the SDK, which takes a second

MAX_FOLDER_ID = 128  # bytes of an opaque id; ours have 26
_NONE = -1
_MARGIN = 0.5  # seconds before the caller's deadline by which asking a provider ends
_ENGINES = {
    Engine.NONE: pb.ENGINE_NONE,
    Engine.LEARNED: pb.ENGINE_LEARNED,
    Engine.PROVIDER: pb.ENGINE_PROVIDER,
}
_REASONS = {
    Reason.NOTHING_LEARNED: pb.REASON_NOTHING_LEARNED,
    Reason.SENDER: pb.REASON_SENDER,
    Reason.THREAD: pb.REASON_THREAD,
    Reason.DOMAIN: pb.REASON_DOMAIN,
    Reason.RECIPIENTS: pb.REASON_RECIPIENTS,
    Reason.WORDS: pb.REASON_WORDS,
    Reason.PROVIDER: pb.REASON_PROVIDER,
    Reason.WELL_KNOWN: pb.REASON_WELL_KNOWN,
}
_STATES = {
    State.OFF: pb.PROVIDER_STATE_OFF,
    State.UNKNOWN: pb.PROVIDER_STATE_UNKNOWN,
    State.READY: pb.PROVIDER_STATE_READY,
    State.UNENFORCED: pb.PROVIDER_STATE_UNENFORCED,
    State.UNREACHABLE: pb.PROVIDER_STATE_UNREACHABLE,
    State.RESTING: pb.PROVIDER_STATE_RESTING,
}
_log = logs.get("classifier.servicer")
_Request = TypeVar("_Request", pb.ClassifyRequest, pb.LearnRequest, pb.ForgetRequest)
_Result = TypeVar("_Result")


class ClearanceMissing(FailedPrecondition):
    """Something in the request was not cleared for this use."""

    code = "clearance_refused"
    title = "Not cleared"
    sentence = "Sentinel has not cleared all of this for this use. Have it inspected again, then repeat the call."


class ProfileUnusable(FailedPrecondition):
    """The profile can't be used any more."""

    code = "profile_refused"
    title = "Profile is not usable"
    sentence = "The profile is damaged or of another engine or key. Discard it and learn again from the folders."


class Servicer(rpc.ClassifierServiceServicer):
    """trust: whose clearances count. now: Unix seconds. executor: the threads that compute. asking: None is off."""

    def __init__(
        self, trust: Trust, now: Callable[[], float], executor: Executor, asking: "Asking | None" = None
    ) -> None:
        self._trust = trust
        self._now = now
        self._executor = executor
        self._asking = asking

    async def Classify(  # noqa: N802  # gRPC's name
        self, request: pb.ClassifyRequest, context: ServicerContext[Any, Any]
    ) -> pb.ClassifyResponse:
        """Chooses a folder, or none, for each message: the learned engine first, then a provider where it is unsure."""
        until = time.monotonic() + context.time_remaining() - _MARGIN
        judged = await self._compute(self._judge, request, context)
        if self._asking is None or not request.HasField("allowance"):
            return _response(judged.choices)
        allowance = Amount(request.allowance.tokens, request.allowance.nanos)
        return _improved(await self._asking.desk.improve(judged, allowance, until))

    async def Learn(  # noqa: N802  # gRPC's name
        self, request: pb.LearnRequest, context: ServicerContext[Any, Any]
    ) -> pb.LearnResponse:
        """Folds filed messages into the profile."""
        return await self._compute(self._learn, request, context)

    async def Forget(  # noqa: N802  # gRPC's name
        self, request: pb.ForgetRequest, context: ServicerContext[Any, Any]
    ) -> pb.ForgetResponse:
        """Takes folders and filed messages out of the profile."""
        return await self._compute(self._forget, request, context)

    async def GetProvider(  # noqa: N802  # gRPC's name
        self,
        request: pb.GetProviderRequest,  # noqa: ARG002  # it holds nothing
        context: ServicerContext[Any, Any],  # noqa: ARG002  # gRPC's signature
    ) -> pb.GetProviderResponse:
        """How the provider is and what it may cost."""
        if self._asking is None:
            return pb.GetProviderResponse(state=pb.PROVIDER_STATE_OFF)
        terms = self._asking.terms
        return pb.GetProviderResponse(
            state=_STATES[self._asking.probe.state()],
            daily=_amount(terms.daily),
            prompt_token_nanos=terms.prices.prompt,
            answer_token_nanos=terms.prices.answer,
        )

    async def ready(self) -> bool:
        """Whether a thread is free to compute; the health check."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, lambda: True)

    async def _compute(
        self,
        work: Callable[[_Request, Patience], _Result],
        request: _Request,
        context: ServicerContext[Any, Any],
    ) -> _Result:
        patience = Patience(context.time_remaining())
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, _typed(work), request, patience)
        finally:
            patience.end()

    def _judge(self, request: pb.ClassifyRequest, patience: Patience) -> Judged:
        patience.check()
        cleared = self._open(request)
        messages = cleared.to_classify(decode_messages(request.messages))
        folders = cleared.folders(decode_folders(request.folders))
        examples = self._examples(request.examples, len(folders))
        key = FeatureKey(request.feature_key)
        choices = batch.classify(request.profile, key, messages, folders, patience)
        return Judged(messages, folders, examples, choices)

    def _examples(self, columns: pb.ExampleColumns, folders: int) -> list[ClearedExample]:
        """Refuses the whole call when one of them isn't cleared, as with everything else in it."""
        messages, labels = decode_messages(columns.messages), list(columns.label)
        if not messages and not labels:
            return []
        if len(labels) != len(messages) or any(label >= folders for label in labels):
            raise InvalidArgument("Every example needs a label that is an index into the folders. Encode them again.")
        return self._open(columns).to_show(messages, labels)

    def _learn(self, request: pb.LearnRequest, patience: Patience) -> pb.LearnResponse:
        patience.check()
        messages = self._open(request).to_learn(decode_messages(request.messages))
        filings = _filings(messages, list(request.label), list(request.folder_id))
        profile, learned = batch.learn(request.profile, FeatureKey(request.feature_key), filings, patience)
        return pb.LearnResponse(profile=profile, learned=learned)

    def _forget(self, request: pb.ForgetRequest, patience: Patience) -> pb.ForgetResponse:
        """Whole folders are named by our ids, which are no text: without messages there is nothing to clear."""
        patience.check()
        texts, labels = decode_messages(request.messages), list(request.label)
        messages = self._open(request).to_learn(texts) if texts else []
        filings = _filings(messages, labels, list(request.folder_id))
        folders = _known_ids(list(request.forgotten_folder_id))
        profile, learned = batch.forget(request.profile, FeatureKey(request.feature_key), filings, folders, patience)
        return pb.ForgetResponse(profile=profile, learned=learned)

    def _open(
        self, request: pb.ClassifyRequest | pb.LearnRequest | pb.ForgetRequest | pb.ExampleColumns
    ) -> ClearedBatch:
        return open_batch(request.clearance, trust=self._trust, batch_id=request.batch_id, now=self._now())


def _typed(work: Callable[[_Request, Patience], _Result]) -> Callable[[_Request, Patience], _Result]:
    """The same work, its refusals in the words of the wire."""

    def typed(request: _Request, patience: Patience) -> _Result:
        try:
            return work(request, patience)
        except ClearanceRefused as refusal:
            _log.warning("clearance.refused", step=f"step_{refusal.step}")
            raise ClearanceMissing from None
        except ProfileRefused:
            raise ProfileUnusable from None
        except MalformedColumns:
            raise InvalidArgument("The columns contradict one another, or hold too much. Encode them again.") from None
        except FeatureKeyRefused:
            raise InvalidArgument("The feature key does not have 32 bytes. Send the person's feature key.") from None

    return typed


def _filings(messages: Sequence[Cleared], labels: Sequence[int], folder_ids: Sequence[str]) -> list[Filing]:
    if len(labels) != len(messages) or any(label >= len(folder_ids) for label in labels):
        raise InvalidArgument("Every message needs a label that is an index into folder_id. Encode them again.")
    _known_ids(folder_ids)
    return [Filing(message, folder_ids[label]) for message, label in zip(messages, labels, strict=True)]


def _known_ids(folder_ids: Sequence[str]) -> Sequence[str]:
    if len(folder_ids) > MAX_ITEMS or not all(0 < len(folder.encode()) <= MAX_FOLDER_ID for folder in folder_ids):
        raise InvalidArgument("folder_id holds too many ids, an empty or an overlong one. Send our opaque ids.")
    return folder_ids


def _response(choices: Sequence[Choice]) -> pb.ClassifyResponse:
    return pb.ClassifyResponse(
        folder=[_NONE if choice.folder is None else choice.folder for choice in choices],
        confidence=[choice.confidence for choice in choices],
        engine=[_ENGINES[choice.engine] for choice in choices],
        reason=[_REASONS[choice.reason] for choice in choices],
    )


def _improved(improved: Improved) -> pb.ClassifyResponse:
    response = _response(improved.choices)
    response.spent.CopyFrom(_amount(improved.spent))
    return response


def _amount(amount: Amount) -> pb.Amount:
    return pb.Amount(tokens=amount.tokens, nanos=amount.nanos)
