"""/api/v1/sub-processors: who else sees something, for everybody. No sign-in: it says nothing about anyone."""

from collections.abc import Sequence
from datetime import date

from fastapi import APIRouter
from pydantic import Field

from gateway.api.model import Answer
from gateway.processors.register import Entry


class SubProcessorAnswer(Answer):
    """A party outside. What only the operator can know is null, or empty, until they say it."""

    id: str
    purpose: str
    data: str
    used_when: str
    name: str | None = Field(description="null: not set by the operator")
    place: str | None = Field(description="null: not set by the operator")
    certifications: list[str] = Field(description="empty: not set by the operator")
    since: date | None = Field(description="null: not set by the operator")
    notice_given: date | None = Field(description="null: not set by the operator")


class SubProcessorList(Answer):
    """All that this release can send something to, whether this installation does or not."""

    items: list[SubProcessorAnswer]


def router(entries: Sequence[Entry]) -> APIRouter:
    """The route, over the register as it was read at the start."""
    routes = APIRouter(prefix="/api/v1/sub-processors", tags=["status"])

    @routes.get("", operation_id="list_sub_processors")
    async def list_sub_processors() -> SubProcessorList:
        """Who else may see something, what, and when."""
        return SubProcessorList(items=[_answer(entry) for entry in entries])

    return routes


def _answer(entry: Entry) -> SubProcessorAnswer:
    row, told = entry.processor, entry.told
    return SubProcessorAnswer(
        id=entry.id,
        purpose=row.purpose,
        data=row.data,
        used_when=row.used_when,
        name=told.name,
        place=told.place,
        certifications=list(told.certifications),
        since=told.since,
        notice_given=told.notice_given,
    )
