"""Plans: what they say, when a month ends, and that the last scan of a month is had by one."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from at_once import at_once
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from chassis.errors import QuotaExceeded, StartRefused
from gateway.audit.tally import Tally
from gateway.audit.trail import Trail
from gateway.organise import plan, quota, requests
from gateway.organise.context import Context
from gateway.organise.plan import Plan, Plans
from gateway.organise.scan import ScanWorkflow
from gateway.organise.terms import Terms
from gateway.store import folders, ids, mailboxes, people, person_plans, reading, scan_charges, scans, tables
from gateway.store.codes import WorkState
from gateway.store.spending import Spending
from gateway.vault.keyring import Keyring
from gateway.vault.root import FileRoot
from gateway.vault.vault import Vault

NOW = int(datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()) * 1000
DECEMBER = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp()) * 1000
PLANS = Plans({"small": Plan(scans_a_month=5, messages_a_scan=30, ai_tokens_a_day=100), "all": Plan()}, "small")
WHILE_S = 0.3  # for whoever waits to be seen waiting
ASKING = 50  # requests at the same moment


class Queue:
    """Where what is asked for is queued."""

    def __init__(self) -> None:
        self.started: list[str] = []

    async def start(self, _name: str, subject_id: str, *, mailbox: str) -> None:
        assert mailbox
        self.started.append(subject_id)


class Subscriber:
    """A database with one person and their mailbox in it."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        nothing: Any = None  # neither peers nor Graph are needed to charge and to give back
        root = FileRoot(folder / "root.key", data_folder=folder / "data")
        keyring = Keyring.create(root, folder / "keys", now=1)
        vault = Vault(keyring, "test")
        audit = Trail(keyring, vault, "test", tally=Tally(), failed=lambda: None)
        self.context = Context(engine, vault, nothing, nothing, 0.0, PLANS, audit)
        with engine.begin() as connection:
            self.person = people.create(connection, b"1" * 32, now=1).id
            vault.create_key(connection, self.person)
            self.mailbox = ids.new("mbx")
            mailboxes.add(connection, mailboxes.Mailbox(self.mailbox, self.person, b"1" * 32, b"sealed", 1))

    def charge(self, scan_id: str | None = None, now: int = NOW) -> bool:
        try:
            with self.engine.begin() as connection:
                quota.charge(connection, PLANS, self.person, scan_id or ids.new("scn"), now=now)
        except QuotaExceeded:
            return False
        return True

    def used(self, now: int = NOW) -> int:
        with reading(self.engine) as connection:
            return scan_charges.of_month(connection, self.person, plan.month_of(now))

    def folder(self) -> str:
        row = folders.Folder(ids.new("fld"), self.mailbox, "AAin", b"n", None, chosen=False, origin=True, revision=1)
        with self.engine.begin() as connection:
            folders.add(connection, row)
        return row.id

    def state(self, scan_id: str) -> WorkState:
        with reading(self.engine) as connection:
            return scans.by_id(connection, scan_id).state

    def charged_scan(self, *, done: int = 0) -> str:
        with self.engine.begin() as connection:
            made = scans.create(connection, self.mailbox, source_graph_id="inbox", now=NOW)
            scans.start(connection, made.id, total=9)
            connection.execute(update(tables.scan).where(tables.scan.c.id == made.id).values(done=done))
            quota.charge(connection, PLANS, self.person, made.id, now=NOW)
        return made.id


@pytest.fixture
def subscriber(database: Engine, tmp_path: Path) -> Subscriber:
    return Subscriber(database, tmp_path)


def test_of_fifty_at_once_one_has_the_last_scan(subscriber: Subscriber) -> None:
    """Four of five are used; fifty ask at the same moment."""
    assert all(subscriber.charge() for _ in range(4))
    assert sum(at_once(subscriber.engine, ASKING, lambda _: subscriber.charge())) == 1
    assert subscriber.used() == 5


def test_the_refusal_says_when_there_are_more(subscriber: Subscriber) -> None:
    """Seconds to the first of next month, UTC; and then there are."""
    while subscriber.charge():
        pass
    with subscriber.engine.begin() as connection, pytest.raises(QuotaExceeded) as refused:
        quota.charge(connection, PLANS, subscriber.person, ids.new("scn"), now=NOW)
    assert refused.value.retry_after == (DECEMBER - NOW) / 1000
    assert not subscriber.charge(now=DECEMBER - 1)
    assert subscriber.charge(now=DECEMBER)


async def test_a_scan_that_failed_is_given_back_once(subscriber: Subscriber) -> None:
    """By the workflow's own end, which runs again after a crash."""
    failed, done = subscriber.charged_scan(done=3), subscriber.charged_scan(done=3)
    workflow = ScanWorkflow.__new__(ScanWorkflow)
    workflow._context = subscriber.context
    await workflow.finish(failed, WorkState.FAILED, "unavailable")
    await workflow.finish(done, WorkState.DONE, "")
    assert subscriber.used() == 1
    with subscriber.engine.begin() as connection:
        quota.settle(connection, failed, WorkState.FAILED, done=3)
    assert subscriber.used() == 1


async def test_a_plan_that_changes_while_a_scan_is_asked_for_counts(subscriber: Subscriber) -> None:
    """Looked up once, with the person held: neither the old plan's messages nor its scans."""
    while subscriber.charge():
        pass
    work, folder = Queue(), subscriber.folder()
    with subscriber.engine.begin() as operator:
        quota.give(operator, subscriber.context.audit, subscriber.person, "all", now=NOW)
        asked = asyncio.create_task(requests.scan(subscriber.context, work, subscriber.mailbox, folder))  # type: ignore[arg-type]  # of a queue, the way in is enough
        await asyncio.sleep(WHILE_S)
        assert not asked.done()
    made = await asked
    assert (made.most, work.started) == (None, [made.id])


async def test_the_end_of_a_scan_is_written_when_it_can_be(
    subscriber: Subscriber, break_log: Callable[[Engine], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An audit log that is full keeps a scan from ending, and not for ever: it ends as soon as there is room."""
    monkeypatch.setattr("gateway.organise.context.FIRST_PAUSE_S", 0.05)
    scan, workflow = subscriber.charged_scan(done=3), ScanWorkflow.__new__(ScanWorkflow)
    workflow._context = subscriber.context
    break_log(subscriber.engine)
    ending = asyncio.create_task(workflow.finish(scan, WorkState.DONE, ""))
    await asyncio.sleep(WHILE_S)
    assert subscriber.state(scan) is WorkState.RUNNING
    with subscriber.engine.begin() as connection:
        on = "" if subscriber.engine.dialect.name == "sqlite" else " ON audit_event"
        connection.exec_driver_sql(f"DROP TRIGGER full_disk{on}")
    await ending
    assert subscriber.state(scan) is WorkState.DONE


@pytest.mark.parametrize(
    ("state", "done", "costs"),
    [
        (WorkState.DONE, 0, 1),
        (WorkState.DONE, 5, 1),
        (WorkState.FAILED, 0, 0),
        (WorkState.FAILED, 5, 0),
        (WorkState.CANCELLED, 0, 0),
        (WorkState.CANCELLED, 5, 1),
    ],
)
def test_what_an_ended_scan_costs(subscriber: Subscriber, state: WorkState, done: int, costs: int) -> None:
    """Stopping what has decided something is no way to scan for nothing."""
    scan = subscriber.charged_scan(done=done)
    with subscriber.engine.begin() as connection:
        quota.settle(connection, scan, state, done=done)
    assert subscriber.used() == costs


def test_the_operators_word_is_the_plan(subscriber: Subscriber) -> None:
    """The usual one before; one that is no longer offered is the usual one again."""
    for given_plan, found in (("all", "all"), ("gone", "small")):
        with subscriber.engine.begin() as connection:
            person_plans.put(connection, subscriber.person, given_plan, now=NOW)
            assert quota.standing(connection, PLANS, subscriber.person, now=NOW)[0] == found


def test_an_owner_sees_where_they_stand(subscriber: Subscriber) -> None:
    """Each bound with what is used of it."""
    subscriber.charge()
    with reading(subscriber.engine) as connection:
        name, bounds = quota.standing(connection, PLANS, subscriber.person, now=NOW)
    assert name == "small"
    assert [(bound.name, bound.most, bound.used) for bound in bounds] == [
        ("scans_a_month", 5, 1),
        ("messages_a_scan", 30, 0),
        ("ai_tokens_a_day", 100, 0),
    ]
    assert bounds[0].resets_at == DECEMBER


def test_erasing_a_person_erases_their_plan_and_charges(subscriber: Subscriber) -> None:
    """Nothing plain is left."""
    subscriber.charge()
    with subscriber.engine.begin() as connection:
        person_plans.put(connection, subscriber.person, "all", now=NOW)
        people.erase_rows(connection, subscriber.person)
    assert subscriber.used() == 0
    with reading(subscriber.engine) as connection:
        assert person_plans.get(connection, subscriber.person) is None


def test_months_long_past_are_forgotten(subscriber: Subscriber) -> None:
    """The running one and the one before it are kept."""
    for now in (NOW - 70 * 86_400_000, NOW - 30 * 86_400_000, NOW):
        subscriber.charge(now=now)
    with subscriber.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM scan_charge").scalar_one() == 2


@pytest.mark.parametrize(("plan_tokens", "left"), [(None, 1000), (100, 100), (5000, 1000)])
def test_a_plan_never_allows_more_than_the_provider(plan_tokens: int | None, left: int) -> None:
    """The smaller of the two."""
    assert Terms("ready", Spending(1000, 5), 1, 1).within(plan_tokens).daily == (left, 5)


def test_a_plan_without_tokens_has_no_provider() -> None:
    """Nothing of this person's leaves."""
    assert not Terms("ready", Spending(1000, 5), 1, 1).within(0).on


@given(st.integers(0, 7_000_000_000_000))
def test_a_moment_is_in_its_month(milliseconds: int) -> None:
    """At or after its first moment, before the next one's."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    month = plan.month_of(milliseconds)
    assert plan.month_begins(month) <= milliseconds < plan.month_begins(month + 1)
    assert (month // 12, month % 12 + 1) == (moment.year, moment.month)


def test_ours_are_read_when_the_operator_has_none() -> None:
    """Four plans; self-hosted has no bound."""
    found = plan.load(None, "unlimited")
    assert set(found.by_name) == {"free", "pro", "business", "unlimited"}
    assert found.of(None) == ("unlimited", Plan())


@pytest.mark.parametrize(
    "text",
    ["free = 1", "[free]\nscans = 1", "[free]\nscans_a_month = -1", "[Free]", "[free]\nscans_a_month = '1'", "["],
)
def test_a_file_that_is_no_plans_stops_the_start(tmp_path: Path, text: str) -> None:
    """A typing mistake must not be a plan without bounds."""
    path = tmp_path / "plans.toml"
    path.write_text(text)
    with pytest.raises(StartRefused, match="plans"):
        plan.load(path, "free")


def test_a_usual_plan_that_is_none_stops_the_start() -> None:
    """Nor must this one."""
    with pytest.raises(StartRefused, match="plan"):
        plan.load(None, "gold")
