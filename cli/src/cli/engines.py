"""Sentinel and classifier as processes of their own, for one run of a command, over mTLS with certificates of this run.

Guarantees: when the work ends, however it ends, both are gone and so is what they kept.
"""

import chassis  # noqa: F401  # isort: skip  # before grpc, which reads its ciphers while it is imported

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar

import grpc
from rich.progress import Progress

from chassis.channel import open_channel
from cli import interrupt
from cli.child import Child, ChildFailed, stop_all
from cli.house import CLASSIFIER, GATEWAY, HOST, SENTINEL, House, Ports
from cli.place import Place
from cli.report import Report
from gateway.clients.classifier import ClassifierClient
from gateway.clients.sentinel import SentinelClient
from gateway.organise.judge import Judge

CONNECT_SECONDS = 60.0  # the engines take two seconds to start, ten on a busy machine
WATCH_SECONDS = 0.2

_Result = TypeVar("_Result")
Work = Callable[[Judge, Progress], Awaitable[_Result]]


def with_engines(report: Report, work: Work[_Result]) -> _Result:
    """What the work answers, given both engines. ChildFailed if one of them refuses to start."""
    with interrupt.in_good_order(), ExitStack() as stack:
        try:
            return _started(stack, report, work)
        finally:
            interrupt.no_more()


def _started(stack: ExitStack, report: Report, work: Work[_Result]) -> _Result:
    root = stack.enter_context(tempfile.TemporaryDirectory(prefix="mail-organiser-"))
    ports = Ports.choose(0)
    house = House(Place.make(Path(root)), ports, seed="")
    house.renew()
    children = house.engines()
    for child in children:
        stack.callback(child.stop)
        child.start()
    stack.callback(stop_all, children)
    with report.bars() as bars:
        return interrupt.run(_worked(house, ports, children, bars, work))


async def _worked(
    house: House, ports: Ports, children: Sequence[Child], bars: Progress, work: Work[_Result]
) -> _Result:
    async with _judge(house, ports, children, bars) as judge:
        return await work(judge, bars)


@asynccontextmanager
async def _judge(house: House, ports: Ports, children: Sequence[Child], bars: Progress) -> AsyncIterator[Judge]:
    tls = house.files(GATEWAY)
    async with (
        open_channel(f"{HOST}:{ports.sentinel}", tls, SENTINEL) as sentinel,
        open_channel(f"{HOST}:{ports.classifier}", tls, CLASSIFIER) as classifier,
    ):
        task = bars.add_task("Starting sentinel and classifier", total=None)
        await _ready((sentinel, classifier), children)
        bars.remove_task(task)
        yield Judge(SentinelClient(sentinel), ClassifierClient(classifier))


async def _ready(channels: Sequence[grpc.aio.Channel], children: Sequence[Child]) -> None:
    """Waits for both; an engine that refuses to start says why by ChildFailed."""
    end = time.monotonic() + CONNECT_SECONDS
    waiting = {asyncio.ensure_future(channel.channel_ready()) for channel in channels}
    try:
        while (await asyncio.wait(waiting, timeout=WATCH_SECONDS))[1]:
            for child in children:
                child.watch()
            if time.monotonic() > end:
                raise ChildFailed(f"sentinel and classifier did not answer within {CONNECT_SECONDS:.0f} s")
    finally:
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
