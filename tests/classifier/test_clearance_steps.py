"""The five steps, each through the door: one thing wrong and the whole call is refused."""

import secrets
import time
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.errors import FailedPrecondition, from_rpc
from classifier.gate import Cleared, ProviderCleared, open_batch
from mail_organiser.clearance import ClearanceRefused, sign
from mail_organiser.columns import FolderText
from mail_organiser.digest import folder_digest, message_digest
from mail_organiser.mail.v1.mail_pb2 import Clearance, Purpose

TIMEOUT = 10.0


async def _refusal(stub_method: Any, request: Any) -> FailedPrecondition:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub_method(request, timeout=TIMEOUT)
    error = from_rpc(caught.value)
    assert isinstance(error, FailedPrecondition)
    assert error.code == "clearance_refused"
    return error


async def test_what_is_cleared_is_answered(desk: Any, post: Any) -> None:
    """The request that the refusals below spoil in one place each is itself answered."""
    async with desk.open() as classifier:
        answer = await classifier.Classify(desk.sentinel.classify([post.message()]), timeout=TIMEOUT)
        learned = await classifier.Learn(desk.sentinel.learn([(post.message(), "fol_bills")]), timeout=TIMEOUT)
    assert list(answer.folder) == [-1]
    assert learned.learned == 1


NOW = int(time.time())
SPOILT = {
    "2 wrong version": {"version": 2},
    "2 wrong audience": {"audience": "elsewhere/classifier"},
    "2 batch_id of another batch": {"batch_id": bytes(16)},
    "3 expired": {"issued_at": NOW - 500, "expires_at": NOW - 400},
    "3 from the future": {"issued_at": NOW + 30_000, "expires_at": NOW + 30_100},
    "3 lives too long": {"issued_at": NOW, "expires_at": NOW + 600},
    "4 wrong policy": {"policy_hash": bytes(32)},
    "4 wrong prompt form": {"prompt_form_version": 2},
    "1 wrong kid": {"kid": "k2"},
    "5 nothing cleared": {"item": []},
}


@pytest.mark.parametrize("changes", SPOILT.values(), ids=SPOILT.keys())
async def test_a_spoilt_clearance_refuses_both_calls(desk: Any, post: Any, changes: dict[str, Any]) -> None:
    """Steps 1 to 5: a clearance with one wrong field is refused by Classify and by Learn."""
    async with desk.open() as classifier:
        await _refusal(classifier.Classify, desk.sentinel.classify([post.message()], **changes))
        await _refusal(classifier.Learn, desk.sentinel.learn([(post.message(), "fol_bills")], **changes))


async def test_another_key_is_refused(desk: Any, post: Any) -> None:
    """Step 1: a clearance that a key outside the pinned file signed is worth nothing, whatever kid it names."""
    request = desk.sentinel.classify([post.message()])
    forged = desk.sentinel.body(request.batch_id, [], {})
    forged.ParseFromString(request.clearance.body)
    request.clearance.CopyFrom(sign(forged, Ed25519PrivateKey.generate()))
    async with desk.open() as classifier:
        await _refusal(classifier.Classify, request)


async def test_no_clearance_is_refused(desk: Any, post: Any) -> None:
    """Step 1: nothing signed, or something overlong, is refused."""
    request = desk.sentinel.classify([post.message()])
    async with desk.open() as classifier:
        for clearance in (Clearance(), Clearance(body=bytes(20_000), signature=bytes(64))):
            request.clearance.CopyFrom(clearance)
            await _refusal(classifier.Classify, request)


async def test_one_absent_message_refuses_the_whole_call(desk: Any, post: Any) -> None:
    """Step 5: 2 of 3 messages are cleared; not even these 2 are answered."""
    request = desk.sentinel.classify([post.message(subject=f"Note {number}") for number in range(3)])
    request.messages.subject[1] = "Something else"
    async with desk.open() as classifier:
        await _refusal(classifier.Classify, request)


@pytest.mark.parametrize("column", ["sender_name", "sender_address", "recipient"])
async def test_every_column_is_part_of_what_is_cleared(desk: Any, post: Any, column: str) -> None:
    """Step 5: a sender or recipient that differs from what sentinel saw refuses the call."""
    request = desk.sentinel.classify([post.message(recipients=("me@home.test",))])
    getattr(request.messages, column)[0] += "x"
    async with desk.open() as classifier:
        await _refusal(classifier.Classify, request)


@pytest.mark.parametrize("column", ["id", "name"])
async def test_one_absent_folder_refuses_the_whole_call(desk: Any, post: Any, column: str) -> None:
    """Step 5: a folder's name and id are cleared like any text."""
    request = desk.sentinel.classify([post.message()])
    getattr(request.folders, column)[2] += "x"
    async with desk.open() as classifier:
        await _refusal(classifier.Classify, request)


@pytest.mark.parametrize(
    "purpose", [Purpose.PURPOSE_LEARN, Purpose.PURPOSE_EXAMPLE, Purpose.PURPOSE_FOLDER, Purpose.PURPOSE_UNSPECIFIED]
)
async def test_classify_refuses_other_purposes(desk: Any, post: Any, purpose: int) -> None:
    """Step 5: what was cleared for another use is not cleared to be filed."""
    async with desk.open() as classifier:
        await _refusal(classifier.Classify, desk.sentinel.classify([post.message()], purpose=purpose))


@pytest.mark.parametrize("purpose", [Purpose.PURPOSE_CLASSIFY, Purpose.PURPOSE_CLASSIFY_LOCAL])
async def test_learn_refuses_other_purposes(desk: Any, post: Any, purpose: int) -> None:
    """Step 5: what was cleared to be filed is not cleared to be learned from."""
    async with desk.open() as classifier:
        await _refusal(classifier.Learn, desk.sentinel.learn([(post.message(), "fol_bills")], purpose=purpose))


async def test_a_message_under_review_is_answered_by_the_learned_engine(desk: Any, post: Any) -> None:
    """CLASSIFY_LOCAL is enough for a choice of the learned engine."""
    request = desk.sentinel.classify([post.message()], purpose=Purpose.PURPOSE_CLASSIFY_LOCAL)
    async with desk.open() as classifier:
        answer = await classifier.Classify(request, timeout=TIMEOUT)
    assert len(answer.folder) == 1


def test_only_a_clean_message_may_go_to_a_provider(sentinel: Any, post: Any) -> None:
    """CLASSIFY proves ProviderCleared, CLASSIFY_LOCAL proves Cleared and nothing more."""
    clean, review = post.message(subject="clean"), post.message(subject="review")
    items = [
        message_digest(Purpose.PURPOSE_CLASSIFY, clean),
        message_digest(Purpose.PURPOSE_CLASSIFY_LOCAL, review),
    ]
    batch_id = secrets.token_bytes(16)
    batch = open_batch(sentinel.clear(batch_id, items), trust=sentinel.trust, batch_id=batch_id, now=time.time())
    first, second = batch.to_classify([clean, review])
    assert isinstance(first, ProviderCleared)
    assert type(second) is Cleared


def test_a_folder_is_no_message(sentinel: Any, post: Any) -> None:
    """A batch that cleared a message under FOLDER, or a folder under CLASSIFY, admits neither."""
    message, folder = post.message(), FolderText("fol_x", "X")
    items = [message_digest(Purpose.PURPOSE_FOLDER, message), folder_digest(Purpose.PURPOSE_CLASSIFY, folder)]
    batch = open_batch(sentinel.clear(bytes(16), items), trust=sentinel.trust, batch_id=bytes(16), now=time.time())
    with pytest.raises(ClearanceRefused):
        batch.to_classify([message])
    with pytest.raises(ClearanceRefused):
        batch.folders([folder])
