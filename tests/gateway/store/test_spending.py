"""The day's cap of a person: reserved before, settled after, and never passed, whoever asks at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from gateway.store import clock, reading, spending
from gateway.store.mailboxes import Mailbox
from gateway.store.spending import NOTHING, Spending

DAY = 20_000
CAP = Spending(1000, 5000)


def reserve(engine: Engine, person: str, tokens: int, nanos: int, day: int = DAY) -> Spending:
    with engine.begin() as connection:
        return spending.reserve(connection, person, day, wanted=Spending(tokens, nanos), cap=CAP)


def settle(engine: Engine, person: str, reserved: Spending, spent: Spending) -> None:
    with engine.begin() as connection:
        spending.settle(connection, person, DAY, reserved=reserved, spent=spent)


def spent(engine: Engine, person: str, day: int = DAY) -> Spending:
    with reading(engine) as connection:
        return spending.on(connection, person, day)


def test_what_is_granted_is_what_the_cap_leaves(engine: Engine, mailbox: Mailbox) -> None:
    """As much as is wanted, then the rest, then nothing; the next day begins anew."""
    person = mailbox.person_id
    assert reserve(engine, person, 700, 100) == (700, 100)
    assert reserve(engine, person, 700, 100) == (300, 100)
    assert reserve(engine, person, 700, 100) == NOTHING
    assert reserve(engine, person, 700, 100, DAY + 1) == (700, 100)
    assert spent(engine, person) == (1000, 200)


def test_money_caps_as_tokens_do(engine: Engine, mailbox: Mailbox) -> None:
    """Whichever is used up first; an endpoint that costs nothing is capped by tokens alone."""
    person = mailbox.person_id
    assert reserve(engine, person, 10, 6000) == (10, 5000)
    assert reserve(engine, person, 10, 10) == NOTHING
    assert reserve(engine, person, 10, 0) == (10, 0)


def test_what_was_not_spent_is_there_again(engine: Engine, mailbox: Mailbox) -> None:
    """Settling gives back the difference, and nothing else; a call that is never settled stays spent."""
    person = mailbox.person_id
    first, second = reserve(engine, person, 600, 600), reserve(engine, person, 200, 200)
    settle(engine, person, first, Spending(100, 50))
    assert spent(engine, person) == (300, 250)
    settle(engine, person, second, Spending(900, 900))  # more than it had
    assert spent(engine, person) == (300, 250)


def test_twenty_calls_at_once_share_one_cap(engine: Engine, mailbox: Mailbox) -> None:
    """Two can't have the same rest."""
    with ThreadPoolExecutor(20) as threads:
        granted = list(threads.map(lambda _: reserve(engine, mailbox.person_id, 90, 90), range(20)))
    assert sum(one.tokens for one in granted) == CAP.tokens
    assert spent(engine, mailbox.person_id).tokens == CAP.tokens


def test_a_person_pays_for_themselves(engine: Engine, new_mailbox: Callable[[], Mailbox]) -> None:
    """One person's cap is not another's."""
    one, other = new_mailbox(), new_mailbox()
    assert reserve(engine, one.person_id, 1000, 1000) == (1000, 1000)
    assert reserve(engine, other.person_id, 1000, 1000) == (1000, 1000)


def test_old_days_are_forgotten(engine: Engine, mailbox: Mailbox) -> None:
    """A new day's first call deletes what is older than a month."""
    for day in (DAY - 40, DAY - 31, DAY):
        reserve(engine, mailbox.person_id, 1, 1, day)
    with reading(engine) as connection:
        days = connection.execute(text("SELECT day FROM provider_spending ORDER BY day")).scalars().all()
    assert list(days) == [DAY - 31, DAY]


def test_a_day_begins_at_midnight_utc() -> None:
    """Milliseconds to days."""
    assert [spending.day_of(clock.DAY * 3 + more) for more in (-1, 0, clock.DAY - 1)] == [2, 3, 3]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(calls=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900), st.integers(0, 2000)), max_size=12))
def test_no_order_of_calls_passes_the_cap(
    engine: Engine, new_mailbox: Callable[[], Mailbox], calls: list[tuple[int, int, int]]
) -> None:
    """Whatever is wanted and said to be spent, the sum of what was granted and not given back is under the cap."""
    person = new_mailbox().person_id
    for tokens, nanos, said in calls:
        settle(engine, person, reserve(engine, person, tokens, nanos), Spending(said, said))
        total = spent(engine, person)
        assert 0 <= total.tokens <= CAP.tokens
        assert 0 <= total.nanos <= CAP.nanos
