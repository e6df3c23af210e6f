"""Which plan a person was given; nobody else's word than the operator's writes here."""

from sqlalchemy import Connection, delete, insert, select

from gateway.store.tables import person_plan


def get(connection: Connection, person_id: str) -> str | None:
    """The plan's name; None for whoever was given none."""
    query = select(person_plan.c.plan).where(person_plan.c.person_id == person_id)
    return connection.execute(query).scalar_one_or_none()


def put(connection: Connection, person_id: str, plan: str, *, now: int) -> None:
    """From now on this one."""
    connection.execute(delete(person_plan).where(person_plan.c.person_id == person_id))
    connection.execute(insert(person_plan), {"person_id": person_id, "plan": plan, "since": now})
