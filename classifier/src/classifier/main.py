"""Builds the classifier and serves it. Read top to bottom, it is the architecture; nothing else builds anything."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from chassis import logs, metrics, process, telemetry
from chassis.callers import Callers
from chassis.server import Serving, serve
from classifier.servicer import Servicer
from classifier.settings import Settings, load, trust
from mail_organiser.classifier.v1.classifier_pb2_grpc import add_ClassifierServiceServicer_to_server

NAME = "classifier"
SERVICE = "mail_organiser.classifier.v1.ClassifierService"
GATEWAY = "gateway.mail-organiser.internal"
CALLERS = Callers(dict.fromkeys((f"/{SERVICE}/Classify", f"/{SERVICE}/Learn"), frozenset({GATEWAY})))


def run(path: Path) -> int:
    """Serves until a signal; the exit code of the process."""
    return process.run(partial(_main, path))


async def _main(path: Path, stopping: asyncio.Event) -> None:
    logs.configure(NAME)
    async with AsyncExitStack() as stack:
        await started(load(Settings, path), stack)
        await stopping.wait()


async def started(settings: Settings, stack: AsyncExitStack) -> Serving:
    """The server, running until the stack is closed."""
    tracing = telemetry.configure(NAME, settings.otlp_endpoint)
    stack.callback(tracing.shutdown)
    measured = metrics.Metrics()
    if settings.metrics is not None:
        stack.enter_context(metrics.expose(measured, settings.metrics.host, settings.metrics.port))
    executor = stack.enter_context(ThreadPoolExecutor(settings.threads, thread_name_prefix=NAME))
    servicer = Servicer(trust(settings), time.time, executor)
    return await stack.enter_async_context(
        serve(
            address=settings.address,
            tls=settings.tls.files,
            callers=CALLERS,
            services=[partial(add_ClassifierServiceServicer_to_server, servicer)],
            health={SERVICE: servicer.ready},
            metrics=measured,
        )
    )
