"""What peers may answer, and what becomes of it: an answer that isn't plainly right never becomes a move.

The gateway's own clients and judge talk over the real wire to a sentinel and a classifier that answer as told: newer
than this gateway, broken, or taken over.
"""

import math
from collections.abc import Callable
from typing import Any

import pytest

from chassis.errors import (
    DeadlineExceeded,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    PermissionDenied,
    QuotaExceeded,
    ServiceError,
    Unavailable,
)
from gateway.organise.choice import Choice
from gateway.organise.decision import Hold, Keep, Move, Review, decide
from gateway.organise.judge import Judgement, Learned
from gateway.organise.verdict import Outcome, Verdict
from mail_organiser.classifier.v1 import classifier_pb2 as choices
from mail_organiser.columns import FolderText, MessageText
from mail_organiser.sentinel.v1 import sentinel_pb2 as verdicts

MESSAGES = [MessageText(f"number {n}", "Ann", "ann@shop.test") for n in range(4)]
FOLDERS = [FolderText("fld_bills", "Bills"), FolderText("fld_work", "Work")]
LEARNED = Learned(b"profile", bytes(32))


async def judged(peers: Any, messages: Any = None) -> list[Judgement]:
    found: list[Judgement] = await peers.judge.judge(MESSAGES if messages is None else messages, FOLDERS, LEARNED)
    return found


def decisions(judgements: list[Judgement]) -> list[Any]:
    return [decide(verdict, choice) for verdict, choice in judgements]


async def test_a_right_answer_becomes_a_move(peers: Any) -> None:
    """Clean and surely chosen: without this, the silence below would prove nothing."""
    found = decisions(await judged(peers))
    assert [(type(one), one.folder) for one in found] == [(Move, "fld_bills")] * 4


def choosing(**bent: Any) -> Callable[[Any], Any]:
    """A classifier whose answer for the second message is bent."""

    def answer(request: Any) -> Any:
        count = len(request.messages.present)
        right: dict[str, list[Any]] = {
            "folder": [0] * count,
            "confidence": [0.9] * count,
            "engine": [choices.ENGINE_LEARNED] * count,
            "reason": [choices.REASON_SENDER] * count,
        }
        for name, value in bent.items():
            right[name][1] = value
        return choices.ClassifyResponse(**right)

    return answer


@pytest.mark.parametrize(
    "bent",
    [
        {"folder": 2},  # one past the end
        {"folder": -1},  # none
        {"folder": -2},  # Python would count from the end
        {"folder": 2**31 - 1},
        {"confidence": math.nan},
        {"confidence": math.inf},
        {"confidence": -math.inf},
        {"confidence": 1.5},
        {"confidence": -0.1},
        {"engine": 99},  # a newer classifier's
        {"engine": choices.ENGINE_UNSPECIFIED},
        {"engine": choices.ENGINE_NONE},
    ],
)
async def test_a_choice_outside_of_the_list_is_none(peers: Any, bent: dict[str, Any]) -> None:
    """No such folder, no such engine, no number: the message stays, and its neighbours get what they were given."""
    peers.classify = choosing(**bent)
    found = await judged(peers)
    assert found[1][1].folder is None
    assert found[1][1].confidence == 0.0
    assert [type(one) for one in decisions(found)] == [Move, Keep, Move, Move]


async def test_an_unknown_reason_is_no_reason_to_refuse(peers: Any) -> None:
    """A newer classifier's reason is shown as a plain one; the choice counts."""
    peers.classify = choosing(reason=99)
    verdict_and_choice = (await judged(peers))[1]
    expected = Choice(FOLDERS[0].id, pytest.approx(0.9), "learned", "words")  # type: ignore[arg-type]  # ids are strings
    assert verdict_and_choice[1] == expected


def lacking(column: str) -> Callable[[Any], Any]:
    """A classifier that leaves one entry of one column out."""

    def answer(request: Any) -> Any:
        whole = choosing()(request)
        getattr(whole, column).pop()
        return whole

    return answer


@pytest.mark.parametrize("column", ["folder", "confidence", "engine", "reason"])
async def test_a_short_answer_of_the_classifier_files_nothing(peers: Any, column: str) -> None:
    """Which message a short column belongs to, nobody knows: nothing moves, and no message is lost."""
    peers.classify = lacking(column)
    assert [type(one) for one in decisions(await judged(peers))] == [Hold] * 4


def inspecting(change: Callable[[Any], None]) -> Callable[[Any], Any]:
    """A sentinel whose answer a test bends."""

    def answer(request: Any) -> Any:
        response = verdicts.InspectResponse(
            messages=columns(len(request.messages.present)), folders=columns(len(request.folders.present))
        )
        change(response)
        return response

    return answer


def columns(count: int) -> Any:
    return verdicts.InspectionColumns(outcome=[verdicts.OUTCOME_CLEAN] * count, risk=[0.0] * count)


@pytest.mark.parametrize("outcome", [verdicts.OUTCOME_UNSPECIFIED, verdicts.OUTCOME_HELD, 99, -1])
async def test_an_outcome_that_is_not_known_is_held(peers: Any, outcome: int) -> None:
    """A newer sentinel can't widen trust: what this gateway doesn't know, it holds, and classifier never sees it."""

    def bend(response: Any) -> None:
        response.messages.outcome[1] = outcome

    peers.inspect = inspecting(bend)
    assert [type(one) for one in decisions(await judged(peers))] == [Move, Hold, Move, Move]
    assert list(peers.classified[0].messages.subject) == ["number 0", "number 2", "number 3"]


async def test_a_folder_that_is_not_clean_is_not_offered(peers: Any) -> None:
    """Review is not clean: such a folder goes to no classifier; when none is left, nobody is asked."""

    def first(response: Any) -> None:
        response.folders.outcome[0] = verdicts.OUTCOME_REVIEW

    def both(response: Any) -> None:
        response.folders.outcome[0], response.folders.outcome[1] = verdicts.OUTCOME_HELD, 77

    peers.inspect = inspecting(first)
    assert [one.folder for one in decisions(await judged(peers))] == ["fld_work"] * 4
    peers.inspect = inspecting(both)
    assert [type(one) for one in decisions(await judged(peers))] == [Keep] * 4
    assert [list(request.folders.id) for request in peers.classified] == [["fld_work"]]


@pytest.mark.parametrize("column", ["outcome", "risk"])
async def test_a_short_answer_of_sentinel_clears_nothing(peers: Any, column: str) -> None:
    """One verdict too few: nobody knows whose it is, so all is held and classifier is not asked."""

    def bend(response: Any) -> None:
        getattr(response.messages, column).pop()

    peers.inspect = inspecting(bend)
    assert [type(one) for one in decisions(await judged(peers))] == [Hold] * 4
    assert peers.classified == []


@pytest.mark.parametrize("risk", [math.nan, math.inf, -math.inf, 7.0, -1.0])
async def test_a_risk_that_is_no_share_becomes_one(peers: Any, risk: float) -> None:
    """Whatever comes, a risk is 0 to 1 afterwards: the database and the page can count on it."""

    def bend(response: Any) -> None:
        response.messages.risk[1] = risk

    peers.inspect = inspecting(bend)
    verdict, _ = (await judged(peers))[1]
    assert 0.0 <= verdict.risk <= 1.0
    assert risk < 1 or verdict.risk == 1.0


STRANGE = {
    "index": 1,
    "technique": 99,
    "field": 99,
    "start": 7,
    "end": 3,
    "weight": math.nan,
    "rule_id": "a rule\nwith text of mail in it",
}


@pytest.mark.parametrize("name", STRANGE)
async def test_a_strange_finding_is_made_harmless(peers: Any, name: str) -> None:
    """Findings are evidence for a person: closed words, numbers in bounds, a rule's id; never free text or NaN."""
    right = {"index": 1, "technique": 1, "field": 1, "start": 0, "end": 4, "weight": 0.9, "rule_id": "SEN-101"}

    def bend(response: Any) -> None:
        response.messages.outcome[1] = verdicts.OUTCOME_HELD
        for column, value in {**right, name: STRANGE[name]}.items():
            getattr(response.messages.findings, column).append(value)

    peers.inspect = inspecting(bend)
    (finding,) = (await judged(peers))[1][0].findings
    assert 0.0 <= finding.weight <= 1.0
    assert 0 <= finding.start <= finding.end
    assert finding.rule_id.isascii()
    assert "text" not in finding.rule_id
    assert finding.technique.isidentifier()
    assert finding.field.isidentifier()


async def test_a_finding_about_nobody_is_dropped(peers: Any) -> None:
    """An index past the batch names no message."""

    def bend(response: Any) -> None:
        response.messages.findings.CopyFrom(
            verdicts.FindingColumns(index=[9], technique=[1], field=[1], start=[0], end=[1], weight=[1], rule_id=["x"])
        )

    peers.inspect = inspecting(bend)
    assert [verdict.findings for verdict, _ in await judged(peers)] == [()] * 4


@pytest.mark.parametrize("error", [InvalidArgument, QuotaExceeded, Internal])
@pytest.mark.parametrize("peer", ["inspect", "classify"])
async def test_one_poisoned_message_is_held_alone(peers: Any, peer: str, error: type[ServiceError]) -> None:
    """What a peer can't take is halved until it stands alone: it is held, all others are decided."""
    well = getattr(peers, peer)

    def answer(request: Any) -> Any:
        if "number 2" in request.messages.subject:
            raise error
        return well(request)

    setattr(peers, peer, answer)
    found = await judged(peers)
    assert [type(one) for one in decisions(found)] == [Move, Move, Hold, Move]
    assert found[2] == (Verdict.unjudged(), Choice.none())


@pytest.mark.parametrize("error", [Unavailable, DeadlineExceeded, PermissionDenied, FailedPrecondition])
@pytest.mark.parametrize("peer", ["inspect", "classify"])
async def test_a_peer_that_is_away_decides_nothing(peers: Any, peer: str, error: type[ServiceError]) -> None:
    """Down, late, closed to us, not cleared: that says nothing about any message, so the whole batch fails, once."""

    def answer(_: Any) -> Any:
        raise error

    setattr(peers, peer, answer)
    with pytest.raises(error):
        await judged(peers)
    assert len(peers.inspected) == 1


async def test_an_exception_of_a_peer_is_not_taken_for_an_answer(peers: Any) -> None:
    """A peer with a bug holds mail back, message by message; what it raised is not shown."""

    def answer(_: Any) -> Any:
        raise RuntimeError("with text of mail in it")

    peers.inspect = answer
    assert [type(one) for one in decisions(await judged(peers))] == [Hold] * 4


async def test_held_and_suspicious_mail_keeps_its_place_in_the_batch(peers: Any) -> None:
    """Choices go to the messages that they were made for, though held ones were left out in between."""
    peers.inspect = inspecting(lambda response: response.messages.outcome.__setitem__(0, verdicts.OUTCOME_HELD))
    peers.classify = choosing(folder=1)
    found = decisions(await judged(peers))
    assert isinstance(found[0], Hold)
    assert [one.folder for one in found[1:]] == ["fld_bills", "fld_work", "fld_bills"]
    peers.inspect = inspecting(lambda response: response.messages.outcome.__setitem__(0, verdicts.OUTCOME_REVIEW))
    found = decisions(await judged(peers))
    assert isinstance(found[0], Review)
    assert (await judged(peers))[0][0].outcome is Outcome.REVIEW


async def test_no_message_no_call(peers: Any) -> None:
    """Nothing to judge, or nothing that may be read: classifier is not asked."""
    peers.inspect = inspecting(
        lambda response: response.messages.CopyFrom(
            verdicts.InspectionColumns(outcome=[verdicts.OUTCOME_HELD] * 4, risk=[1.0] * 4)
        )
    )
    assert [type(one) for one in decisions(await judged(peers))] == [Hold] * 4
    assert peers.classified == []
