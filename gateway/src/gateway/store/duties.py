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


def done_at(connection: Connection, name: str) -> int:
    """When it was done last; 0 for never. unix ms."""
    return int(connection.execute(select(duty.c.done_at).where(duty.c.name == name)).scalar_one())
