"""Work that comes again, such as retention: one replica does it at a time, and whoever died over it is succeeded."""

from sqlalchemy import Connection, select, update

from gateway.store.tables import duty


def take(connection: Connection, name: str, holder: str, *, now: int, every: int, lease: int) -> bool:  # noqa: PLR0913  # whose turn it is, and for how long
    """Whether it is due (`every` ms after it was done last) and nobody else has it; then it is ours for `lease` ms."""
    free = (duty.c.held_until <= now) | (duty.c.holder == holder)
    due = (duty.c.name == name) & (duty.c.done_at <= now - every) & free
    return connection.execute(update(duty).where(due).values(holder=holder, held_until=now + lease)).rowcount == 1


def done(connection: Connection, name: str, *, at: int) -> None:
    """It was done, as things stood at that moment."""
    connection.execute(update(duty).where(duty.c.name == name).values(done_at=at, held_until=0))


def owe(connection: Connection, name: str, *, at: int) -> None:
    """What happens in this transaction, at that moment, makes it due; the last one to say so counts."""
    connection.execute(update(duty).where(duty.c.name == name).values(done_at=-at))


def owed_since(connection: Connection, name: str) -> int | None:
    """The moment, unix ms, of what made it due last; None while nothing is owed."""
    since = int(connection.execute(select(duty.c.done_at).where(duty.c.name == name)).scalar_one())
    return -since if since < 0 else None


def paid(connection: Connection, name: str, *, owed: int, at: int) -> bool:
    """It was done, as things stood at `at`; False when more was owed meanwhile, and is still."""
    same = (duty.c.name == name) & (duty.c.done_at == -owed)
    return connection.execute(update(duty).where(same).values(done_at=at)).rowcount == 1
