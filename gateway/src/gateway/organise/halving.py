"""One poisoned message never fails a batch: what a peer can't take is halved until the culprit stands alone."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from chassis.errors import Internal, InvalidArgument, QuotaExceeded

Item = TypeVar("Item")
Result = TypeVar("Result")

# What a peer answers when one message of a batch is more than it can take; all else is about the peer, not the mail.
POISONED = (InvalidArgument, QuotaExceeded, Internal)


async def halving(
    items: Sequence[Item],
    work: Callable[[Sequence[Item]], Awaitable[list[Result]]],
    alone: Callable[[Item], Result],
) -> list[Result]:
    """A result for each item, in order: work's, or alone's for one that fails by itself. Other errors are raised."""
    try:
        return await work(items)
    except POISONED:
        if len(items) <= 1:
            return [alone(item) for item in items]
    middle = len(items) // 2
    first = await halving(items[:middle], work, alone)
    return first + await halving(items[middle:], work, alone)
