"""What the asking person's plan allows, and what is left of it."""

from datetime import UTC, datetime

from fastapi import APIRouter

from gateway.api.context import Asking, ContextOf
from gateway.api.model import Answer
from gateway.organise import quota
from gateway.organise.context import now
from gateway.organise.quota import Standing
from gateway.store.clock import SECOND

router = APIRouter(prefix="/api/v1/quota", tags=["quota"])


class BoundAnswer(Answer):
    """One bound of the plan. most: null without a bound; used: so far; resets_at: null where nothing is counted."""

    name: str
    most: int | None
    used: int
    resets_at: datetime | None


class QuotaAnswer(Answer):
    """The plan's name and its bounds."""

    plan: str
    items: list[BoundAnswer]


@router.get("", operation_id="get_quota")
async def get_quota(who: Asking, context: ContextOf) -> QuotaAnswer:
    """How many scans and tokens of an AI provider are left, and until when. Undo and erasure need none."""
    name, bounds = await context.read(
        lambda connection: quota.standing(connection, context.plans, who.person_id, now=now())
    )
    return QuotaAnswer(plan=name, items=[_answer(bound) for bound in bounds])


def _answer(bound: Standing) -> BoundAnswer:
    resets_at = None if bound.resets_at is None else datetime.fromtimestamp(bound.resets_at / SECOND, UTC)
    return BoundAnswer(name=bound.name, most=bound.most, used=bound.used, resets_at=resets_at)
