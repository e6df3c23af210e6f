"""The standard grpc.health.v1, telling the truth.

Guarantees: SERVING means that a check of the service said so within the last second; a check that fails, raises or
takes too long says NOT_SERVING, and so does a server that drains. Nothing is SERVING because nobody looked.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import grpc
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from chassis import logs
from chassis.errors import NotFound

Check = Callable[[], Awaitable[bool]]
OVERALL = ""  # the name that stands for the whole server: serving when all services are
CHECK_SECONDS = 1.0  # for one check; a probe of an orchestrator waits about as long
MAX_AGE = 1.0  # seconds an answer is repeated, so that asking often costs nothing
_SERVING = HealthCheckResponse.SERVING
_NOT_SERVING = HealthCheckResponse.NOT_SERVING
_Context = grpc.aio.ServicerContext[HealthCheckRequest, HealthCheckResponse]
_log = logs.get("chassis.health")


@dataclass
class _Answer:
    serving: bool = False
    until: float = 0.0  # monotonic seconds


class Health(health_pb2_grpc.HealthServicer):
    """Answers Check and Watch from checks by service name ("mail_organiser.sentinel.v1.SentinelService")."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        """At least one check: a server without any could only pretend."""
        if not checks or OVERALL in checks:
            raise ValueError("health needs a check for each service by its full name")
        self._checks = checks
        self._answers = {name: _Answer() for name in checks}
        self._asking = asyncio.Lock()
        self._draining = asyncio.Event()

    def drain(self) -> None:
        """From now on NOT_SERVING, for good."""
        self._draining.set()

    async def serving(self, service: str = OVERALL) -> bool:
        """Whether the service could answer now. NotFound if there is no such service here."""
        if service != OVERALL and service not in self._checks:
            raise NotFound("This server has no such service.")
        names = list(self._checks) if service == OVERALL else [service]
        async with self._asking:
            results = await asyncio.gather(*(self._fresh(name) for name in names))
        return all(results) and not self._draining.is_set()

    async def Check(self, request: HealthCheckRequest, context: _Context) -> HealthCheckResponse:  # noqa: N802, ARG002  # gRPC's names
        """One answer."""
        return await self._answer(request.service)

    async def Watch(self, request: HealthCheckRequest, context: _Context) -> None:  # noqa: N802  # gRPC's name
        """An answer now and at each change, until the caller's deadline."""
        last: int | None = None
        while True:
            answer = await self._answer(request.service)
            if answer.status != last:
                await context.write(answer)
            last = answer.status
            await self._pause()

    async def _answer(self, service: str) -> HealthCheckResponse:
        return HealthCheckResponse(status=_SERVING if await self.serving(service) else _NOT_SERVING)

    async def _pause(self) -> None:
        """Until the next look; draining ends it at once, and after that nothing changes any more."""
        if self._draining.is_set():
            await asyncio.sleep(MAX_AGE)
            return
        try:
            await asyncio.wait_for(self._draining.wait(), MAX_AGE)
        except TimeoutError:
            return

    async def _fresh(self, name: str) -> bool:
        answer = self._answers[name]
        if answer.until <= time.monotonic():
            answer.serving = await _ask(self._checks[name])
            answer.until = time.monotonic() + MAX_AGE
        return answer.serving


async def _ask(check: Check) -> bool:
    try:
        return await asyncio.wait_for(check(), CHECK_SECONDS) is True
    except Exception as error:  # noqa: BLE001  # whatever went wrong, it isn't serving
        _log.warning("health.check_failed", exc_info=error)
        return False
