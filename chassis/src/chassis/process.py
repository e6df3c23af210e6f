"""Runs a service until it is told to stop.

Guarantees: SIGTERM and SIGINT ask the main coroutine to finish (it leaves its `async with serve(...)`, which drains); a
second signal cancels it. A refused start is one plain sentence and exit code 78; a crash is one log line and code 70.
"""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop

from chassis import logs
from chassis.errors import StartRefused

EXIT_OK = 0
EXIT_CRASHED = 70  # EX_SOFTWARE of sysexits.h
EXIT_REFUSED = 78  # EX_CONFIG of sysexits.h
_SIGNALS = (signal.SIGTERM, signal.SIGINT)

Main = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


def run(main: Main) -> int:
    """Runs main(stopping) on uvloop and returns the exit code: sys.exit(process.run(main)).

    stopping is set by the first signal; main awaits it (`await stopping.wait()`) and returns.
    """
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_supervised(main))
    except StartRefused as refusal:
        sys.stderr.write(f"{refusal}\n")
        return EXIT_REFUSED
    except asyncio.CancelledError:
        return EXIT_CRASHED
    except Exception as error:  # noqa: BLE001  # the last resort: no traceback, which could hold text
        logs.get("chassis.process").critical("process.crashed", exc_info=error)
        return EXIT_CRASHED
    return EXIT_OK


async def _supervised(main: Main) -> None:
    stopping = asyncio.Event()
    task = asyncio.ensure_future(main(stopping))
    loop = asyncio.get_running_loop()
    for each in _SIGNALS:
        loop.add_signal_handler(each, _stop, stopping, task)
    try:
        await task
    finally:
        for each in _SIGNALS:
            loop.remove_signal_handler(each)


def _stop(stopping: asyncio.Event, task: "asyncio.Future[None]") -> None:
    if stopping.is_set():
        task.cancel()
    stopping.set()
