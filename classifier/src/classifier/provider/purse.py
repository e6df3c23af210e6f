"""What one call may spend on a provider: reserved before a request for the most that it can cost, settled after.

Guarantees: the sum of what is spent and reserved is never over the allowance, in tokens or in money; what a request
may have cost and nobody knows counts in full.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from classifier.provider.answer import Usage

MAX_ANSWER: Final = 40  # tokens of an answer that are paid for; a right one has about 12
OVERHEAD: Final = 200  # tokens around a prompt that its bytes don't show: roles, schema, special tokens
_DENSEST: Final = 16  # bytes a token: usage that claims fewer tokens than this is not believed


@dataclass(frozen=True, slots=True)
class Amount:
    """Tokens, and money in billionths."""

    tokens: int = 0
    nanos: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        """Both sums."""
        return Amount(self.tokens + other.tokens, self.nanos + other.nanos)

    def __sub__(self, other: "Amount") -> "Amount":
        """Both differences."""
        return Amount(self.tokens - other.tokens, self.nanos - other.nanos)

    def within(self, other: "Amount") -> bool:
        """Whether neither is over the other's."""
        return self.tokens <= other.tokens and self.nanos <= other.nanos


@dataclass(frozen=True, slots=True)
class Prices:
    """Of one token, in billionths."""

    prompt: int
    answer: int

    def of(self, usage: Usage) -> Amount:
        """What this much costs."""
        return Amount(usage.prompt + usage.answer, usage.prompt * self.prompt + usage.answer * self.answer)


@dataclass(frozen=True, slots=True)
class Reservation:
    """For one request. size: bytes of its prompt."""

    size: int
    amount: Amount


class Purse:
    """One call's allowance."""

    def __init__(self, allowance: Amount, prices: Prices) -> None:
        self._allowance = allowance
        self._prices = prices
        self._reserved = Amount()
        self._open = 0
        self._settled = asyncio.Condition()
        self.spent = Amount()

    async def reserve(self, size: int) -> Reservation | None:
        """Room for one request; waits while others that are under way may leave some. None: there is none."""
        most = self._prices.of(Usage(size + OVERHEAD, MAX_ANSWER))
        async with self._settled:
            await self._settled.wait_for(lambda: self._has(most) or not self._open)
            if not self._has(most):
                return None
            self._reserved, self._open = self._reserved + most, self._open + 1
            return Reservation(size, most)

    async def settle(self, reservation: Reservation, usage: Usage | None) -> None:
        """It was answered at this cost; None, or a cost that can't be: it cost what was reserved."""
        believed = usage is not None and _plausible(reservation, usage)
        await self._book(reservation, self._prices.of(usage) if usage is not None and believed else reservation.amount)

    async def release(self, reservation: Reservation) -> None:
        """It was turned away before any work, and cost nothing."""
        await self._book(reservation, Amount())

    def cut_off(self) -> None:
        """The call ends now: what is still under way may cost all that was reserved."""
        self.spent, self._reserved, self._open = self.spent + self._reserved, Amount(), 0

    async def _book(self, reservation: Reservation, cost: Amount) -> None:
        async with self._settled:
            self.spent += cost
            self._reserved, self._open = self._reserved - reservation.amount, self._open - 1
            self._settled.notify_all()

    def _has(self, amount: Amount) -> bool:
        return (self.spent + self._reserved + amount).within(self._allowance)


def _plausible(reservation: Reservation, usage: Usage) -> bool:
    """Neither more than was possible nor less than a prompt of this size takes."""
    most = reservation.size + OVERHEAD
    return reservation.size // _DENSEST <= usage.prompt <= most and usage.answer <= MAX_ANSWER
