"""What a person's plan leaves: charged when a scan is asked for, given back when it comes to nothing.

Guarantees: the charge is in the transaction that writes the scan down, and the person's row is held meanwhile, so of
fifty requests for the last scan of a month one is granted; giving back twice gives back once. Undo, sign-out and
erasure ask nothing of a plan.
"""

from dataclasses import dataclass
from math import ceil

from sqlalchemy import Connection

from chassis.errors import QuotaExceeded
from gateway.audit.event import Event, Kind
from gateway.audit.trail import Trail
from gateway.organise.context import Context
from gateway.organise.plan import Plan, Plans, month_begins, month_of
from gateway.organise.terms import Terms
from gateway.store import people, person_plans, scan_charges, spending
from gateway.store.clock import DAY, SECOND
from gateway.store.codes import WorkState


@dataclass(frozen=True, slots=True)
class Standing:
    """One bound: most is None without a bound; used so far; resets_at in unix ms, None where nothing is counted."""

    name: str
    most: int | None
    used: int
    resets_at: int | None


def plan_of(connection: Connection, plans: Plans, person_id: str) -> tuple[str, Plan]:
    """A person's plan, by name."""
    return plans.of(person_plans.get(connection, person_id))


def give(connection: Connection, audit: Trail, person_id: str, name: str, *, now: int) -> None:
    """From now on this plan. Raises RowAbsent when there is no such person."""
    people.lock(connection, person_id)
    person_plans.put(connection, person_id, name, now=now)
    audit.record(connection, Event(Kind.PLAN_GIVEN, person=person_id, reason=name))


def charge(connection: Connection, plans: Plans, person_id: str, scan_id: str, *, now: int) -> Plan:
    """One scan of this month; the plan that pays it. Raises QuotaExceeded when the plan has no more."""
    people.lock(connection, person_id)
    month = month_of(now)
    _, plan = plan_of(connection, plans, person_id)
    used = scan_charges.of_month(connection, person_id, month)
    if plan.scans_a_month is not None and used >= plan.scans_a_month:
        wait = ceil((month_begins(month + 1) - now) / SECOND)
        raise QuotaExceeded("this month's scans of your plan are used up", retry_after=wait)
    scan_charges.add(connection, person_id, scan_id, month)
    return plan


def settle(connection: Connection, scan_id: str, state: WorkState, *, done: int) -> None:
    """At a scan's end: one that failed, or was stopped before it decided anything, costs nothing."""
    if state is WorkState.FAILED or (state is WorkState.CANCELLED and done == 0):
        scan_charges.remove(connection, scan_id)


async def terms(context: Context, person_id: str) -> Terms:
    """The AI provider's terms for a person: its own, within what their plan allows."""
    _, plan = await context.read(lambda connection: plan_of(connection, context.plans, person_id))
    return (await context.judge.classifier.provider()).within(plan.ai_tokens_a_day)


def standing(connection: Connection, plans: Plans, person_id: str, *, now: int) -> tuple[str, list[Standing]]:
    """The name of a person's plan, and where they stand with each of its bounds."""
    name, plan = plan_of(connection, plans, person_id)
    month, day = month_of(now), spending.day_of(now)
    scans = scan_charges.of_month(connection, person_id, month)
    tokens = spending.on(connection, person_id, day).tokens
    return name, [
        Standing("scans_a_month", plan.scans_a_month, scans, month_begins(month + 1)),
        Standing("messages_a_scan", plan.messages_a_scan, 0, None),
        Standing("ai_tokens_a_day", plan.ai_tokens_a_day, tokens, (day + 1) * DAY),
    ]
