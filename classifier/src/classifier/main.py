"""Builds the classifier and serves it. Read top to bottom, it is the architecture; nothing else builds anything."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chassis import exposition, logs, metrics, process, telemetry
from chassis.callers import Callers
from chassis.server import Serving, serve
from classifier.servicer import Servicer
from classifier.settings import Provider, Settings, load, terms, trust
from classifier.well_known.kinds import kinds
from mail_organiser.classifier.v1.classifier_pb2_grpc import add_ClassifierServiceServicer_to_server

if TYPE_CHECKING:
    from classifier.provider.asking import Asking

NAME = "classifier"
SERVICE = "mail_organiser.classifier.v1.ClassifierService"
METHODS = ("Classify", "Learn", "Forget", "GetProvider")
GATEWAY = "gateway.mail-organiser.internal"
CALLERS = Callers(dict.fromkeys((f"/{SERVICE}/{method}" for method in METHODS), frozenset({GATEWAY})))


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
    kinds()  # a damaged file stops the start, not a call
    tracing = telemetry.configure(NAME, settings.otlp_endpoint)
    stack.callback(tracing.shutdown)
    measured = metrics.Metrics()
    if settings.metrics is not None:
        place = settings.metrics
        stack.enter_context(exposition.expose(measured, settings.tls.files, place.host, place.port))
    executor = stack.enter_context(ThreadPoolExecutor(settings.threads, thread_name_prefix=NAME))
    asking = None if settings.provider is None else await _asking(settings.provider, measured, stack)
    servicer = Servicer(trust(settings), time.time, executor, asking)
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


async def _asking(provider: Provider, measured: metrics.Metrics, stack: AsyncExitStack) -> "Asking":
    """The one way out of this process, for whoever configured it."""
    from classifier.provider.asking import asking  # noqa: PLC0415  # the SDK takes a second; most need none
    from classifier.provider.endpoint import NO_KEY, Endpoint  # noqa: PLC0415  # the same

    endpoint = Endpoint.connect(
        provider.base_url,
        provider.model,
        api_key=NO_KEY if provider.api_key is None else provider.api_key.text(),
        authority=provider.authority,
        connect_seconds=provider.connect_seconds,
    )
    return await stack.enter_async_context(asking(endpoint, terms(provider), measured))
