"""Bodies in and out. Unknown fields of a request are refused; a response holds what is listed here and no more."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from gateway.store import clock
from gateway.store.codes import CorrectionKind

Remember = Annotated[CorrectionKind, Field(strict=False)]  # JSON has strings, not members of an enum
Ids = Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=1, max_length=1000)]
Signed = Annotated[str, Field(json_schema_extra={"format": "date-time"})]  # RFC 3339, letter by letter as it was signed
MatcherText = Annotated[str, Field(min_length=1, max_length=998)]  # an address, a List-Id header, a domain, an id


class Body(BaseModel):
    """What a client sends."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Answer(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)


def columns(row: Any, answer: type[Answer]) -> dict[str, Any]:
    """What of a row of the store (a NamedTuple) an answer of this type tells, by name."""
    return {name: value for name, value in row._asdict().items() if name in answer.model_fields}


def instant(milliseconds: int) -> datetime:
    """The store's time as REST tells it."""
    return datetime.fromtimestamp(milliseconds / clock.SECOND, UTC)
