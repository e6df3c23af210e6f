"""What asking an AI provider cost a person on a day. Reserved before a call, settled after: a crash leaves it spent.

The day is counted in days since 1970, UTC. The person is held while the rest is read and written: two calls can't
have the same one.
"""

from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from gateway.store import people
from gateway.store.clock import DAY
from gateway.store.tables import provider_spending

KEPT_DAYS: Final = 31  # of a person: for the day's cap one is enough, the rest is for the question of what it cost


class Spending(NamedTuple):
    """tokens, and money in billionths of the operator's currency."""

    tokens: int
    nanos: int


class Reserved(NamedTuple):
    """What one call may spend, of which day."""

    amount: Spending
    day: int


NOTHING: Final = Spending(0, 0)


def day_of(now: int) -> int:
    """The UTC day of a time in unix milliseconds."""
    return now // DAY


def on(connection: Connection, person_id: str, day: int) -> Spending:
    """What is spent and reserved."""
    query = select(provider_spending.c.tokens, provider_spending.c.nanos).where(_is(person_id, day))
    row = connection.execute(query).one_or_none()
    return NOTHING if row is None else Spending(*row)


def reserve(connection: Connection, person_id: str, day: int, *, wanted: Spending, cap: Spending) -> Spending:
    """What is granted of the wanted: both or nothing, as much as the cap leaves. Raises RowAbsent: no such person."""
    people.lock(connection, person_id)
    spent = on(connection, person_id, day)
    granted = Spending(min(wanted.tokens, cap.tokens - spent.tokens), min(wanted.nanos, cap.nanos - spent.nanos))
    if granted.tokens <= 0 or granted.nanos < 0 or (granted.nanos == 0 and wanted.nanos > 0):
        return NOTHING
    _put(connection, person_id, day, Spending(spent.tokens + granted.tokens, spent.nanos + granted.nanos))
    return granted


def settle(connection: Connection, person_id: str, day: int, *, reserved: Spending, spent: Spending) -> None:
    """Takes back what was reserved and not spent; a call never gives back more than it had."""
    back = Spending(max(0, reserved.tokens - spent.tokens), max(0, reserved.nanos - spent.nanos))
    left = provider_spending.c.tokens - back.tokens, provider_spending.c.nanos - back.nanos
    connection.execute(update(provider_spending).where(_is(person_id, day)).values(tokens=left[0], nanos=left[1]))


def _put(connection: Connection, person_id: str, day: int, total: Spending) -> None:
    changed = connection.execute(update(provider_spending).where(_is(person_id, day)).values(total._asdict()))
    if changed.rowcount == 0:
        long_ago = provider_spending.c.day < day - KEPT_DAYS
        connection.execute(delete(provider_spending).where((provider_spending.c.person_id == person_id) & long_ago))
        connection.execute(insert(provider_spending), {"person_id": person_id, "day": day, **total._asdict()})


def _is(person_id: str, day: int) -> ColumnElement[bool]:
    return (provider_spending.c.person_id == person_id) & (provider_spending.c.day == day)
