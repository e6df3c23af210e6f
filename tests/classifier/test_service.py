"""Through the door: who may call, what a batch answers, and what is refused before anything is computed."""

from typing import Any

import grpc
import pytest

from chassis.errors import InvalidArgument, from_rpc
from classifier.main import CALLERS, GATEWAY
from classifier.offer import NAMED_AT_MOST
from mail_organiser.classifier.v1 import classifier_pb2 as pb
from mail_organiser.columns import FolderText
from mail_organiser.mail.v1.mail_pb2 import Purpose

TIMEOUT = 20.0
STRANGER = "stranger.mail-organiser.internal"


async def _error(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def test_learned_mail_is_filed_by_the_next_call(desk: Any, post: Any) -> None:
    """What Learn hands out, Classify understands: mail like the filed mail gets that folder, as an index."""
    async with desk.open() as classifier:
        learned = await classifier.Learn(desk.sentinel.learn(list(post.stream(300))), timeout=TIMEOUT)
        fresh = list(post.stream(100, seed=8))
        request = desk.sentinel.classify([message for message, _ in fresh])
        request.profile = learned.profile
        answer = await classifier.Classify(request, timeout=TIMEOUT)
    right = sum(post.folders[at].id == folder for at, (_, folder) in zip(answer.folder, fresh, strict=True))
    assert right >= 85
    assert set(answer.engine) == {pb.ENGINE_LEARNED}
    assert all(0 <= confidence <= 1 for confidence in answer.confidence)
    assert pb.REASON_UNSPECIFIED not in answer.reason


async def test_learning_goes_on_from_the_profile(desk: Any, post: Any) -> None:
    """Learned counts over all calls, not one."""
    async with desk.open() as classifier:
        first = await classifier.Learn(desk.sentinel.learn(list(post.stream(20))), timeout=TIMEOUT)
        request = desk.sentinel.learn(list(post.stream(5)))
        request.profile = first.profile
        second = await classifier.Learn(request, timeout=TIMEOUT)
    assert (first.learned, second.learned) == (20, 25)


async def test_a_choice_names_a_folder_of_the_request_or_none(desk: Any, post: Any) -> None:
    """A folder that was learned but isn't offered is never chosen; with no learned folder offered, none is."""
    async with desk.open() as classifier:
        learned = await classifier.Learn(desk.sentinel.learn(list(post.stream(200))), timeout=TIMEOUT)
        messages = [message for message, _ in post.stream(30)]
        some = desk.sentinel.classify(messages, folders=[post.folders[3], FolderText("fol_new", "New")])
        none = desk.sentinel.classify(messages, folders=[FolderText("fol_new", "New")])
        some.profile = none.profile = learned.profile
        of_some = await classifier.Classify(some, timeout=TIMEOUT)
        of_none = await classifier.Classify(none, timeout=TIMEOUT)
    assert set(of_some.folder) == {0}
    assert set(of_none.folder) == {-1}
    assert set(of_none.engine) == {pb.ENGINE_NONE}
    assert set(of_none.reason) == {pb.REASON_NOTHING_LEARNED}


async def test_only_the_gateway_may_call(desk: Any, post: Any) -> None:
    """A certificate of our own authority with another name is refused."""
    async with desk.open(caller=STRANGER) as classifier:
        for call in (
            classifier.Classify(desk.sentinel.classify([post.message()]), timeout=TIMEOUT),
            classifier.Learn(desk.sentinel.learn([(post.message(), "fol_bills")]), timeout=TIMEOUT),
        ):
            assert (await _error(call)).code() is grpc.StatusCode.PERMISSION_DENIED


def test_every_method_has_the_gateway_as_its_caller() -> None:
    """The caller table names every method of the service, and nobody but the gateway."""
    service = pb.DESCRIPTOR.services_by_name["ClassifierService"]
    methods = {f"/{service.full_name}/{method.name}" for method in service.methods}
    assert set(CALLERS.table) == methods
    assert set(CALLERS.table.values()) == {frozenset({GATEWAY})}


async def test_a_profile_under_another_key_asks_for_relearning(desk: Any, post: Any) -> None:
    """A profile that isn't usable is FAILED_PRECONDITION with a code of its own, in both calls."""
    async with desk.open() as classifier:
        learned = await classifier.Learn(desk.sentinel.learn(list(post.stream(20))), timeout=TIMEOUT)
        classify, learn = desk.sentinel.classify([post.message()]), desk.sentinel.learn(list(post.stream(2)))
        classify.profile = learn.profile = learned.profile
        classify.feature_key = learn.feature_key = bytes(range(32))
        for call in (classifier.Classify(classify, timeout=TIMEOUT), classifier.Learn(learn, timeout=TIMEOUT)):
            error = from_rpc(await _error(call))
            assert error.code == "profile_refused"
            assert error.status is grpc.StatusCode.FAILED_PRECONDITION


@pytest.mark.parametrize("length", [0, 16, 31, 33])
async def test_a_key_of_another_length_is_malformed(desk: Any, post: Any, length: int) -> None:
    """A feature key has 32 bytes."""
    request = desk.sentinel.classify([post.message()])
    request.feature_key = bytes(length)
    async with desk.open() as classifier:
        assert isinstance(from_rpc(await _error(classifier.Classify(request, timeout=TIMEOUT))), InvalidArgument)


async def test_columns_that_contradict_are_malformed(desk: Any, post: Any) -> None:
    """A column that is too short is refused, and the words hold nothing of it."""
    request = desk.sentinel.classify([post.message()])
    del request.messages.subject[:]
    async with desk.open() as classifier:
        error = from_rpc(await _error(classifier.Classify(request, timeout=TIMEOUT)))
    assert isinstance(error, InvalidArgument)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda request: request.label.append(0),
        lambda request: request.label.__setitem__(0, 9),
        lambda request: request.folder_id.__setitem__(0, ""),
        lambda request: request.folder_id.__setitem__(0, "x" * 129),
        lambda request: request.folder_id.extend(f"f{number}" for number in range(600)),
    ],
    ids=["one label too many", "label outside", "empty id", "long id", "too many ids"],
)
async def test_labels_that_fit_no_folder_are_malformed(desk: Any, post: Any, spoil: Any) -> None:
    """Each message needs a label that is an index into bounded folder ids."""
    request = desk.sentinel.learn([(post.message(), "fol_bills")])
    spoil(request)
    async with desk.open() as classifier:
        assert isinstance(from_rpc(await _error(classifier.Learn(request, timeout=TIMEOUT))), InvalidArgument)


async def test_too_many_messages_are_malformed(desk: Any, post: Any) -> None:
    """A batch holds at most 512 messages."""
    request = desk.sentinel.classify([post.message()])
    request.messages.present.extend([7] * 512)
    async with desk.open() as classifier:
        assert isinstance(from_rpc(await _error(classifier.Classify(request, timeout=TIMEOUT))), InvalidArgument)


async def test_a_folder_is_forgotten_by_the_next_call(desk: Any, post: Any) -> None:
    """Its id is ours and no text, so nothing has to be cleared; the profile that comes back never chooses it."""
    async with desk.open() as classifier:
        learned = await classifier.Learn(desk.sentinel.learn(list(post.stream(200))), timeout=TIMEOUT)
        wanted = pb.ForgetRequest(forgotten_folder_id=["fol_bills"], profile=learned.profile, feature_key=bytes(32))
        left = await classifier.Forget(wanted, timeout=TIMEOUT)
        request = desk.sentinel.classify([text for text, folder in post.stream(60) if folder == "fol_bills"])
        request.profile = left.profile
        answer = await classifier.Classify(request, timeout=TIMEOUT)
    assert left.learned == learned.learned == 200
    assert left.profile != learned.profile
    pairs = zip(answer.folder, answer.confidence, strict=True)
    chosen = {post.folders[at].id for at, confidence in pairs if confidence > NAMED_AT_MOST}
    assert "fol_bills" not in chosen


def _forget(desk: Any, profile: bytes, filed: Any, **changes: Any) -> pb.ForgetRequest:
    """A request to forget one filing, cleared as it would be to learn it."""
    learn = desk.sentinel.learn([filed], **changes)
    return pb.ForgetRequest(
        batch_id=learn.batch_id,
        messages=learn.messages,
        folder_id=learn.folder_id,
        label=learn.label,
        profile=profile,
        feature_key=learn.feature_key,
        clearance=learn.clearance,
    )


async def test_a_message_is_forgotten_only_if_it_is_cleared_to_be_learned(desk: Any, post: Any) -> None:
    """Under LEARN; under another purpose, or by nobody, it isn't read, and the call is refused."""
    filed = (post.message("only@here.test", "Zanzibar"), "fol_secret")
    async with desk.open() as classifier:
        learned = await classifier.Learn(desk.sentinel.learn([*post.stream(50), filed]), timeout=TIMEOUT)
        left = await classifier.Forget(_forget(desk, learned.profile, filed), timeout=TIMEOUT)
        wrong = _forget(desk, learned.profile, filed, purpose=Purpose.PURPOSE_CLASSIFY)
        absent = _forget(desk, learned.profile, filed)
        absent.ClearField("clearance")
        for refused in (wrong, absent):
            error = await _error(classifier.Forget(refused, timeout=TIMEOUT))
            assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
            assert from_rpc(error).code == "clearance_refused"
        request = desk.sentinel.classify([filed[0]], folders=[FolderText("fol_secret", "Secret")])
        request.profile = left.profile
        assert list((await classifier.Classify(request, timeout=TIMEOUT)).folder) == [-1]


async def test_a_profile_that_is_none_forgets_nothing(desk: Any) -> None:
    """Damaged, it is refused, so that it is discarded; a label without its folder is malformed."""
    async with desk.open() as classifier:
        damaged = pb.ForgetRequest(forgotten_folder_id=["fol_bills"], profile=b"x" * 200, feature_key=bytes(32))
        assert from_rpc(await _error(classifier.Forget(damaged, timeout=TIMEOUT))).code == "profile_refused"
        nameless = pb.ForgetRequest(forgotten_folder_id=[""], feature_key=bytes(32))
        assert isinstance(from_rpc(await _error(classifier.Forget(nameless, timeout=TIMEOUT))), InvalidArgument)
