"""Through the door: when a provider is asked, what it may choose, and that a scan loses nothing to it."""

import asyncio
import time
from typing import Any

import pytest

from mail_organiser.classifier.v1 import classifier_pb2 as pb
from mail_organiser.columns import MessageText
from mail_organiser.mail.v1.mail_pb2 import Purpose


def mail(*subjects: str) -> list[MessageText]:
    """One sender a message, so that no two share an answer."""
    return [MessageText(subject, "Ann", f"ann{at}@shop.test") for at, subject in enumerate(subjects)]


async def test_the_provider_chooses_where_nothing_was_learned(office: Any, part: Any, two_folders: Any) -> None:
    """An id of the prompt becomes an index into the request's folders, and the decision says whose it is."""
    async with office(part("scripts").by_word) as one:
        answer = await one.classify(mail("My travel plans", "bills to pay"), folders=two_folders)
    assert list(answer.folder) == [1, 0]
    assert set(answer.engine) == {pb.ENGINE_PROVIDER}
    assert set(answer.reason) == {pb.REASON_PROVIDER}
    assert answer.spent.tokens == 2 * 462
    assert answer.spent.nanos == 2 * (450 * 150 + 12 * 600)


async def test_without_a_provider_nothing_leaves(desk: Any) -> None:
    """Off until configured: an allowance alone asks nobody, and costs nothing."""
    async with desk.open() as classifier:
        request = desk.sentinel.classify(mail("one"))
        request.allowance.tokens = request.allowance.nanos = 10**9
        answer = await classifier.Classify(request, timeout=20)
        state = await classifier.GetProvider(pb.GetProviderRequest(), timeout=20)
    assert list(answer.engine) == [pb.ENGINE_NONE]
    assert not answer.HasField("spent")
    assert state == pb.GetProviderResponse(state=pb.PROVIDER_STATE_OFF)


async def test_without_an_allowance_nobody_is_asked(office: Any, part: Any) -> None:
    """A gateway that grants nothing spends nothing, whatever classifier's settings say."""
    async with office(part("scripts").first_folder) as one:
        await one.settled()
        for allowance in (None, pb.Amount(), pb.Amount(tokens=10**9), pb.Amount(nanos=10**15)):
            answer = await one.classify(mail("one"), allowance=allowance)
            assert list(answer.engine) == [pb.ENGINE_NONE]
        assert one.asked == []


async def test_mail_for_review_is_never_asked_about(office: Any, part: Any) -> None:
    """What sentinel cleared for the learned engine alone goes to no provider."""
    async with office(part("scripts").first_folder) as one:
        await one.settled()
        answer = await one.classify(mail("one", "two"), purpose=Purpose.PURPOSE_CLASSIFY_LOCAL)
        assert one.asked == []
    assert set(answer.engine) == {pb.ENGINE_NONE}


async def test_a_sure_engine_is_not_second_guessed(office: Any, part: Any, post: Any) -> None:
    """Local first: at or over the threshold nobody is asked."""
    messages = [message for message, _ in post.stream(30, seed=9)] + mail(*("odd " * n for n in range(1, 30)))
    async with office(part("scripts").first_folder, "threshold = 0.8") as one:
        learned = await one.classifier.Learn(one.desk.sentinel.learn(list(post.stream(400))), timeout=20)
        asking, local = one.request(messages), one.request(messages, allowance=None)
        asking.profile = local.profile = learned.profile
        answer = await one.classifier.Classify(asking, timeout=20)
        alone = await one.classifier.Classify(local, timeout=20)
    sure = [confidence >= 0.8 for confidence in alone.confidence]
    assert 10 < sum(sure) < 50
    assert [engine == pb.ENGINE_LEARNED for engine in answer.engine] == sure


async def test_one_question_for_one_sender_and_subject(office: Any, part: Any) -> None:
    """Digits don't count; another name, address or list does."""
    like = [MessageText(f"Ticket {n}", "Ann", "ann@shop.test") for n in range(10, 30)]
    other = [like[0]._replace(sender_name="Bob"), like[0]._replace(sender_address="b@shop.test")]
    async with office(part("scripts").first_folder) as one:
        answer = await one.classify([*like, *other])
        assert len(one.asked) == 3
    assert set(answer.engine) == {pb.ENGINE_PROVIDER}


async def test_every_hostile_answer_ends_in_the_learned_choice(office: Any, part: Any) -> None:
    """Unknown ids, prose, NaN, 10 MB, redirects, resets, slow bytes: the message keeps what it had, and in time."""
    hostile = part("scripts").HOSTILE
    assert len(hostile) > 50
    for name, (script, why) in hostile.items():
        async with office(script, "call_seconds = 0.6\nthreshold = 1.0") as one:
            started = time.monotonic()
            answer = await one.classify(mail("one"))
            assert (list(answer.folder), list(answer.engine)) == ([-1], [pb.ENGINE_NONE]), (name, why)
            assert time.monotonic() - started < 3, name
            assert all(path == "/v1/chat/completions" for path in {asked.path for asked in one.server.asked}), name


async def test_a_throttled_request_is_made_once_more(office: Any, part: Any) -> None:
    """429 with a pause that fits: one retry, after that pause."""
    async with office(part("scripts").throttled_once) as one:
        await one.settled()
        await asyncio.sleep(0.3)
        one.server.asked.clear()
        answer = await one.classify(mail("one"))
        assert len(one.asked) == 2
    assert list(answer.engine) == [pb.ENGINE_PROVIDER]


@pytest.mark.parametrize("script", ["429", "503 for a minute", "429 without end"])
async def test_a_pause_that_does_not_fit_is_not_waited_for(office: Any, part: Any, script: str) -> None:
    """Retry-After beyond the deadline: the fallback answers at once."""
    async with office(part("scripts").SCRIPTS[script]) as one:
        await one.settled()
        started = time.monotonic()
        answer = await one.classify(mail("one"))
        assert len(one.asked) == 1
    assert time.monotonic() - started < 2
    assert list(answer.engine) == [pb.ENGINE_NONE]


async def test_an_endpoint_that_fails_is_left_alone(office: Any, part: Any) -> None:
    """After five failures in a row nobody asks it; health says so, and the scan goes on."""
    async with office(part("scripts").SCRIPTS["500"], "concurrency = 1") as one:
        await one.settled()
        answer = await one.classify(mail(*(f"subject {chr(97 + n)}" for n in range(26))))
        state = await one.classifier.GetProvider(pb.GetProviderRequest(), timeout=20)
        assert len(one.asked) <= 5
    assert set(answer.engine) == {pb.ENGINE_NONE}
    assert state.state == pb.PROVIDER_STATE_RESTING


async def test_no_more_requests_at_once_than_set(office: Any, part: Any) -> None:
    """The bulkhead: one scan can't take the endpoint, or this process, for itself."""

    def slow(asked: Any) -> Any:
        answer = part("scripts").first_folder(asked)
        answer.seconds = 0.1
        return answer

    async with office(slow, "concurrency = 3") as one:
        await one.settled()
        await asyncio.sleep(0.2)
        one.server.most = 0
        await one.classify(mail(*(f"subject {chr(97 + n)}" for n in range(12))))
        assert one.server.most == 3


async def test_the_call_ends_before_its_deadline(office: Any, part: Any) -> None:
    """However slow the provider: what is not answered in time is the learned engine's, and the call succeeds."""
    async with office(part("scripts").SCRIPTS["silence"], "call_seconds = 10.0") as one:
        request = one.request(mail("one", "two"))
        started = time.monotonic()
        answer = await one.classifier.Classify(request, timeout=2.0)
    assert time.monotonic() - started < 2.0
    assert set(answer.engine) == {pb.ENGINE_NONE}
    assert answer.spent.tokens > 0  # it may have cost something, and nobody knows


async def test_the_allowance_is_never_overspent(office: Any, part: Any) -> None:
    """Twenty-six questions, room for some: the rest falls back, and the sum stays under what was granted."""
    allowance = pb.Amount(tokens=6_000, nanos=10**15)
    async with office(part("scripts").first_folder) as one:
        answer = await one.classify(mail(*(f"subject {chr(97 + n)}" for n in range(26))), allowance=allowance)
    engines = list(answer.engine)
    assert 3 <= engines.count(pb.ENGINE_PROVIDER) < 20
    assert answer.spent.tokens <= 6_000


async def test_an_endpoint_that_is_not_there_costs_nothing(office: Any, part: Any) -> None:
    """No connection: nothing was sent, nothing is booked."""
    async with office(part("scripts").first_folder) as one:
        await one.settled()
        await one.server.stop()
        one.server.script = part("scripts").SCRIPTS["429"]
        answer = await one.classify(mail("one"))
    assert answer.spent == pb.Amount()
    assert list(answer.engine) == [pb.ENGINE_NONE]
