"""What the gateway does by itself, again and again: each piece at its own pace, none of them ending the others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from chassis import logs

_log = logs.get("gateway.rounds")


class Round(NamedTuple):
    """`step` is the word for it in the log; `seconds` are from the end of one to the beginning of the next."""

    step: str
    seconds: float
    work: Callable[[], Awaitable[object]]


@asynccontextmanager
async def going(*rounds: Round) -> AsyncIterator[None]:
    """Goes its rounds while inside."""
    tasks = [asyncio.create_task(_go(one)) for one in rounds]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def _go(one: Round) -> None:
    while True:
        await asyncio.sleep(one.seconds)
        try:
            await one.work()
        except Exception as error:  # noqa: BLE001  # whatever it is, the next round comes
            _log.error("round.failed", step=one.step, error_type=type(error), at=error.__traceback__)
