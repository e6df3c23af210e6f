"""What only the operator can know of operators and their organisation. What is absent is shown as not set."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from chassis.settings import Settings

KeyDigest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=200)]


class OperatorSettings(Settings):
    """SHA-256 (hex) of each role's key. Who holds the key has the role; a role without a digest nobody has."""

    sre: KeyDigest | None = None
    dpo: KeyDigest | None = None

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.sre is not None and self.sre == self.dpo:
            raise ValueError("sre and dpo have one key; make one for each, so that one of them can't be both")
        return self


class OrganisationSettings(Settings):
    """Who operates this installation, as an authority and people know it."""

    name: Line | None = None
    ico_registration: Line | None = None
    dpo_contact: Line | None = None
