"""Where a fault of this installation is reported: only its operator can know."""

from typing import Annotated

from pydantic import Field

from chassis.settings import Settings

Contact = Annotated[str, Field(pattern=r"^(https://|mailto:|tel:)[\x21-\x7e]+$", max_length=200)]
Page = Annotated[str, Field(pattern=r"^https://[\x21-\x7e]+$", max_length=200)]
Language = Annotated[str, Field(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class Disclosure(Settings):
    """What security.txt says. contacts in order of preference; policy: a page about how reports are handled."""

    contacts: Annotated[tuple[Contact, ...], Field(min_length=1, max_length=5)]
    policy: Page | None = None
    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=5)] = ("en",)
