"""The gateway's side of an AI provider: who pays, what it is shown, and that a scan ends well without it.

Peers on the wire answer as told; account and scan work on a real database.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from chassis.errors import DeadlineExceeded, FailedPrecondition, Internal, InvalidArgument, ServiceError, Unavailable
from gateway.clients.classifier import ASKING
from gateway.clients.sentinel import Purpose
from gateway.organise import estimate, estimates, plan
from gateway.organise.account import Account
from gateway.organise.choice import FolderKey
from gateway.organise.context import Context
from gateway.organise.examples import FRESH, MOST, Example, Memory, Showing, newest_of_each
from gateway.organise.judge import Asking, Learned
from gateway.organise.terms import Terms
from gateway.store import clock, ids, mailboxes, people, reading, spending
from gateway.store.spending import NOTHING, Spending
from mail_organiser.classifier.v1 import classifier_pb2 as choices
from mail_organiser.clearance import MAX_LIFETIME
from mail_organiser.columns import FolderText, MessageText
from mail_organiser.sentinel.v1 import sentinel_pb2 as verdicts

MESSAGES = [MessageText(f"number {n}", "Ann", "ann@shop.test") for n in range(4)]
FOLDERS = [FolderText("fld_bills", "Bills"), FolderText("fld_work", "Work")]
LEARNED = Learned(b"profile", bytes(32))
TERMS = Terms("ready", Spending(100_000, 10**9), 150, 600)
EXAMPLES = [Example(MessageText(f"filed {n}", "Bob", "bob@shop.test"), FolderKey("fld_work")) for n in range(3)]


def telling(state: int = choices.PROVIDER_STATE_READY, tokens: int = 100_000) -> Any:
    """A classifier that has a provider."""
    return lambda _: choices.GetProviderResponse(
        state=choices.ProviderState.ValueType(state),
        daily=choices.Amount(tokens=tokens, nanos=10**9),
        prompt_token_nanos=150,
        answer_token_nanos=600,
    )


def provided(request: Any, tokens: int = 900, nanos: int = 9000) -> Any:
    """A classifier's answer when a provider chose."""
    count = len(request.messages.present)
    return choices.ClassifyResponse(
        folder=[1] * count,
        confidence=[0.8] * count,
        engine=[choices.ENGINE_PROVIDER] * count,
        reason=[choices.REASON_PROVIDER] * count,
        spent=choices.Amount(tokens=tokens, nanos=nanos),
    )


class Bank:
    """A database with one person in it, who may ask."""

    def __init__(self, engine: Engine, peers: Any) -> None:
        self.peers, self.engine = peers, engine
        nothing: Any = None  # neither vault nor Graph is needed for an account
        plans = plan.load(None, "unlimited")
        self.context = Context(self.engine, nothing, peers.judge, nothing, 0.0, plans, nothing)
        with self.engine.begin() as connection:
            self.person = people.create(connection, b"1" * 32, now=1).id
            self.mailbox = ids.new("mbx")
            mailboxes.add(connection, mailboxes.Mailbox(self.mailbox, self.person, b"1" * 32, b"sealed", 1))

    def asking(self, terms: Terms = TERMS) -> Asking:
        showing = Showing(self.peers.judge.sentinel, EXAMPLES)
        return Asking(Account(self.context, self.person, terms), showing)

    async def judge(self, asking: Asking | None = None) -> Any:
        return await self.peers.judge.judge(MESSAGES, FOLDERS, LEARNED, asking or self.asking())

    def spent(self) -> Spending:
        with reading(self.engine) as connection:
            return spending.on(connection, self.person, spending.day_of(clock.now()))


@pytest.fixture
def bank(database: Engine, peers: Any) -> Bank:
    peers.provider, peers.classify = telling(), provided
    return Bank(database, peers)


async def test_a_call_is_allowed_its_share_and_pays_what_it_cost(bank: Bank) -> None:
    """Reserved before, settled after; the decision says that the provider chose."""
    judgements = await bank.judge()
    (request,) = bank.peers.classified
    assert 0 < request.allowance.tokens <= TERMS.daily.tokens
    assert bank.spent() == (900, 9000)
    assert {(choice.engine, choice.reason, choice.folder) for _, choice in judgements} == {
        ("provider", "provider", "fld_work")
    }


async def test_examples_are_cleared_for_being_shown(bank: Bank) -> None:
    """Inspected again under EXAMPLE, sent with their own word and batch, labelled by the request's folders."""
    await bank.judge()
    shown, (request,) = bank.peers.inspected[-1], bank.peers.classified
    assert shown.purpose == Purpose.EXAMPLE
    assert list(request.examples.messages.subject) == [one.text.subject for one in EXAMPLES]
    assert list(request.examples.label) == [1, 1, 1]
    assert request.examples.batch_id == shown.batch_id
    assert request.batch_id != shown.batch_id


async def test_an_example_that_is_not_clean_is_not_shown(bank: Bank) -> None:
    """Review is not clean; and when sentinel can't say, none is shown and the scan goes on."""

    def wary(request: Any) -> Any:
        outcomes = [verdicts.OUTCOME_CLEAN] * len(request.messages.present)
        if request.purpose == Purpose.EXAMPLE:
            outcomes[0], outcomes[1] = verdicts.OUTCOME_REVIEW, verdicts.OUTCOME_HELD
        return _inspected(request, outcomes)

    def failing(request: Any) -> Any:
        if request.purpose == Purpose.EXAMPLE:
            raise Unavailable
        return _inspected(request, [verdicts.OUTCOME_CLEAN] * len(request.messages.present))

    bank.peers.inspect = wary
    await bank.judge()
    bank.peers.inspect = failing
    judgements = await bank.judge()
    first, second = bank.peers.classified
    assert list(first.examples.messages.subject) == ["filed 2"]
    assert not second.HasField("examples")
    assert second.HasField("allowance")
    assert len(judgements) == 4


def _inspected(request: Any, outcomes: list[int]) -> Any:
    folders = [verdicts.OUTCOME_CLEAN] * len(request.folders.present)
    return verdicts.InspectResponse(
        messages=verdicts.InspectionColumns(outcome=outcomes, risk=[0.0] * len(outcomes)),
        folders=verdicts.InspectionColumns(outcome=folders, risk=[0.0] * len(folders)),
    )


async def test_examples_of_a_folder_that_is_not_offered_are_left_out(bank: Bank) -> None:
    """An id of a prompt exists for what may be chosen only."""
    showing = Showing(bank.peers.judge.sentinel, [*EXAMPLES, Example(MESSAGES[0], FolderKey("fld_gone"))])
    found = await showing.shown([FOLDERS[1]])
    assert found is not None
    assert list(found.labels) == [0, 0, 0]
    assert await showing.shown([FolderText("fld_other", "Other")]) is None


async def test_a_clearance_of_examples_is_used_for_a_minute(bank: Bank) -> None:
    """One inspection for the batches of a page; a new one before the clearance grows too old."""
    showing = Showing(bank.peers.judge.sentinel, EXAMPLES)
    await showing.shown(FOLDERS)
    await showing.shown(FOLDERS)
    assert len(bank.peers.inspected) == 1
    old = Showing(bank.peers.judge.sentinel, EXAMPLES, fresh=0.0)
    await old.shown(FOLDERS)
    await old.shown(FOLDERS)
    assert len(bank.peers.inspected) == 3
    assert FRESH < MAX_LIFETIME - ASKING, "a clearance must live until the call that it came with is over"


async def test_a_used_up_cap_degrades_and_never_fails(bank: Bank) -> None:
    """No allowance, no examples: the learned engine's choice, and the scan goes on."""
    asking = bank.asking(Terms("ready", Spending(950, 10**9), 150, 600))
    await bank.judge(asking)
    await bank.judge(asking)
    bank.peers.classify = provided
    judgements = await bank.judge(asking)
    assert len(judgements) == 4
    with_allowance = [request.HasField("allowance") for request in bank.peers.classified]
    assert with_allowance == [True, True, False]
    assert bank.spent().tokens <= 950


@pytest.mark.parametrize(
    ("error", "kept"), [(DeadlineExceeded, True), (Unavailable, True), (FailedPrecondition, False)]
)
async def test_a_call_that_ends_in_an_unknown_way_stays_paid(
    bank: Bank, error: type[ServiceError], *, kept: bool
) -> None:
    """What was refused before anybody was asked costs nothing; what may have been asked counts as reserved."""

    def fails(_: Any) -> Any:
        raise error

    bank.peers.classify = fails
    with pytest.raises(error):
        await bank.judge()
    assert (bank.spent() != NOTHING) == kept


@pytest.mark.parametrize("error", [InvalidArgument, Internal])
async def test_halving_pays_for_each_part(bank: Bank, error: type[ServiceError]) -> None:
    """A poisoned message among four: the others are judged, and what is booked stays under the cap."""

    def picky(request: Any) -> Any:
        if "number 2" in request.messages.subject:
            raise error
        return provided(request)

    bank.peers.classify = picky
    judgements = await bank.judge()
    assert [choice.engine for _, choice in judgements] == ["provider", "provider", "none", "provider"]
    assert bank.spent().tokens <= TERMS.daily.tokens


async def test_a_classifier_that_claims_more_is_booked_at_its_allowance(bank: Bank) -> None:
    """It can't take more than it was given, and can't wrap the count round."""
    bank.peers.classify = lambda request: provided(request, 2**63, 2**63)
    await bank.judge()
    allowance = bank.peers.classified[0].allowance
    assert bank.spent() == (allowance.tokens, allowance.nanos)


@pytest.mark.parametrize("error", [Unavailable, InvalidArgument, DeadlineExceeded])
async def test_a_classifier_that_says_nothing_of_a_provider_has_none(peers: Any, error: type[ServiceError]) -> None:
    """An older one, or one that is busy: off, and no scan fails over it."""

    def fails(_: Any) -> Any:
        raise error

    peers.provider = fails
    assert not (await peers.judge.classifier.provider()).on


async def test_terms_come_within_their_bounds(peers: Any) -> None:
    """Whatever a newer or broken classifier says: a word of the closed set, numbers that the database holds."""
    peers.provider = lambda _: choices.GetProviderResponse(
        state=choices.ProviderState.ValueType(99),
        daily=choices.Amount(tokens=2**64 - 1, nanos=2**64 - 1),
        prompt_token_nanos=2**64 - 1,
        answer_token_nanos=2**64 - 1,
    )
    found = await peers.judge.classifier.provider()
    assert found.state == "unknown"
    assert max(found.daily) < 2**63
    assert max(estimate.wanted(256, FOLDERS, found)) < 2**63


@given(st.lists(st.integers(0, 5), max_size=1500))
def test_examples_are_the_newest_of_each_folder(folders: list[int]) -> None:
    """At most MOST, in their order; no folder is pushed out by another, and of each the newest are kept."""
    examples = [Example(MessageText(str(n), None, None), FolderKey(str(at))) for n, at in enumerate(folders)]
    kept = newest_of_each(examples)
    assert len(kept) == min(len(examples), MOST)
    places = [int(one.text.subject or "") for one in kept]
    assert places == sorted(places)
    for folder in set(folders):
        theirs = [n for n, at in enumerate(folders) if at == folder]
        mine = [n for n in places if folders[n] == folder]
        assert mine == theirs[len(theirs) - len(mine) :]
        assert len(mine) >= min(len(theirs), MOST // 6)


async def test_examples_live_in_memory_for_their_scan_alone(bank: Bank) -> None:
    """Kept, found, forgotten; who comes after a crash reads them again."""
    memory = Memory(bank.peers.judge.sentinel)
    reads = 0

    async def read() -> list[Example]:
        nonlocal reads
        reads += 1
        return EXAMPLES

    kept = memory.keep("scn_1", EXAMPLES)
    assert await memory.of("scn_1", read) is kept
    memory.forget("scn_1")
    assert await memory.of("scn_1", read) is not kept
    assert reads == 1
    for n in range(100):
        memory.keep(f"scn_{n}", EXAMPLES)
    assert len(memory._kept) <= 64


def test_an_estimate_grows_with_messages_and_folders() -> None:
    """And asking nobody costs nothing."""
    few, many = estimate.cost(10, FOLDERS, TERMS), estimate.cost(1000, FOLDERS, TERMS)
    assert many.tokens == few.tokens * 100
    described = [folder._replace(description="what belongs here " * 10) for folder in FOLDERS]
    assert estimate.cost(10, described, TERMS).nanos > few.nanos
    assert estimate.cost(0, FOLDERS, TERMS) == NOTHING
    assert 400_000 < many.tokens < 600_000  # reference: about 450 tokens in and 8 out for each
    assert estimates.Estimate(0, Terms.off(), NOTHING, NOTHING).terms.on is False
