"""Bodies in and out. Unknown fields of a request are refused; a response holds what is listed here and no more."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gateway.store.codes import CorrectionKind

Remember = Annotated[CorrectionKind, Field(strict=False)]  # JSON has strings, not members of an enum


class Body(BaseModel):
    """What a client sends."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Answer(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)
