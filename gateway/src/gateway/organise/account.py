"""A person's account with the provider: reserves for a call and settles it, under the day's cap."""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis import logs
from gateway.organise import estimate
from gateway.organise.context import Context, now
from gateway.organise.terms import Terms
from gateway.store import spending
from gateway.store.spending import Reserved, Spending
from mail_organiser.columns import FolderText

_log = logs.get("gateway.organise")


@dataclass(frozen=True, slots=True)
class Account:
    """One person's, on the provider's terms."""

    context: Context
    person_id: str
    terms: Terms

    async def reserve(self, messages: int, folders: Sequence[FolderText]) -> Reserved:
        """As much as the day leaves of what the call may need; NOTHING when the cap is reached."""
        day = spending.day_of(now())
        wanted = estimate.wanted(messages, folders, self.terms)
        granted = await self.context.write(
            lambda connection: spending.reserve(connection, self.person_id, day, wanted=wanted, cap=self.terms.daily)
        )
        if granted == spending.NOTHING:
            _log.info("provider.cap_reached", count=messages)
        return Reserved(granted, day)

    async def settle(self, reserved: Reserved, spent: Spending) -> None:
        """What was not spent is there for the next call."""
        await self.context.write(
            lambda connection: spending.settle(
                connection, self.person_id, reserved.day, reserved=reserved.amount, spent=spent
            )
        )
