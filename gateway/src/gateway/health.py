"""Whether the gateway could do its work now: its database and both services, asked, never assumed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from sqlalchemy import Engine, text

from gateway.clients.classifier import ClassifierClient
from gateway.store import engine as store_engine

SECONDS = 2.0  # for one answer; an orchestrator's probe waits a little longer

Check = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Health:
    """Named checks, asked together."""

    checks: Mapping[str, Check]
    provider: Callable[[], Awaitable[str]]  # how the AI provider is, in a word; nothing waits for it

    async def report(self) -> dict[str, bool]:
        """Each part by name: whether it answered well, in time."""
        answers = await asyncio.gather(*(_within_time(check) for check in self.checks.values()))
        return dict(zip(self.checks, answers, strict=True))


def peer(channel: grpc.aio.Channel) -> Check:
    """Whether a service of ours says that it is serving."""
    stub: Any = HealthStub(channel)  # published without types for its methods

    async def check() -> bool:
        try:
            answer: HealthCheckResponse = await stub.Check(HealthCheckRequest(), timeout=SECONDS)
        except grpc.RpcError:
            return False
        return answer.status == HealthCheckResponse.SERVING

    return check


def provider(classifier: ClassifierClient) -> Callable[[], Awaitable[str]]:
    """How the AI provider is, as the classifier says."""

    async def word() -> str:
        return (await classifier.provider()).state

    return word


def database(engine: Engine) -> Check:
    """Whether the database answers."""

    def ask() -> bool:
        with store_engine.reading(engine) as connection:
            return connection.execute(text("SELECT 1")).scalar() == 1

    async def check() -> bool:
        return await asyncio.to_thread(ask)

    return check


async def _within_time(check: Check) -> bool:
    try:
        return await asyncio.wait_for(check(), SECONDS + 1)
    except Exception:  # noqa: BLE001  # whatever it is, the part did not answer well
        return False
