"""Peers that answer what a test tells them, over the real wire: mTLS, deadlines, the gateway's own clients."""

import chassis  # noqa: F401  # isort: skip  # before grpc, which reads its ciphers while it is imported

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from chassis.authority import LocalAuthority
from chassis.callers import Callers
from chassis.channel import open_channel
from chassis.server import serve
from gateway.clients.classifier import ClassifierClient
from gateway.clients.sentinel import SentinelClient
from gateway.organise.judge import Judge
from mail_organiser.classifier.v1 import classifier_pb2 as choices
from mail_organiser.classifier.v1.classifier_pb2_grpc import (
    ClassifierServiceServicer,
    add_ClassifierServiceServicer_to_server,
)
from mail_organiser.mail.v1.mail_pb2 import Clearance
from mail_organiser.sentinel.v1 import sentinel_pb2 as verdicts
from mail_organiser.sentinel.v1.sentinel_pb2_grpc import SentinelServiceServicer, add_SentinelServiceServicer_to_server

DOMAIN = "mail-organiser.internal"
CLASSIFIER, SENTINEL = "mail_organiser.classifier.v1.ClassifierService", "mail_organiser.sentinel.v1.SentinelService"
METHODS = (f"/{CLASSIFIER}/Classify", f"/{CLASSIFIER}/Learn", f"/{CLASSIFIER}/GetProvider", f"/{SENTINEL}/Inspect")


def clean(request: Any) -> Any:
    """Sentinel's answer when all is well."""
    return verdicts.InspectResponse(
        messages=all_of(verdicts.OUTCOME_CLEAN, len(request.messages.present)),
        folders=all_of(verdicts.OUTCOME_CLEAN, len(request.folders.present)),
        clearance=Clearance(body=b"body", signature=b"signature"),
    )


def all_of(outcome: int, count: int) -> Any:
    return verdicts.InspectionColumns(outcome=[outcome] * count, risk=[0.0] * count)


def first_folder(request: Any) -> Any:
    """Classifier's answer when all is well: the first folder, surely."""
    count = len(request.messages.present)
    return choices.ClassifyResponse(
        folder=[0] * count,
        confidence=[0.9] * count,
        engine=[choices.ENGINE_LEARNED] * count,
        reason=[choices.REASON_SENDER] * count,
    )


@dataclass
class Peers(SentinelServiceServicer, ClassifierServiceServicer):  # type: ignore[misc]  # generated without types
    """Both peers in one server. inspect and classify answer a request, or raise what chassis.errors names."""

    inspect: Callable[[Any], Any] = clean
    classify: Callable[[Any], Any] = first_folder
    learn: Callable[[Any], Any] = lambda request: choices.LearnResponse(profile=b"p", learned=len(request.label))
    provider: Callable[[Any], Any] = lambda _: choices.GetProviderResponse(state=choices.PROVIDER_STATE_OFF)
    inspected: list[Any] = field(default_factory=list)
    classified: list[Any] = field(default_factory=list)
    judge: Judge = field(init=False)

    async def Inspect(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002  # gRPC's names
        self.inspected.append(request)
        return self.inspect(request)

    async def Classify(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002  # gRPC's names
        self.classified.append(request)
        return self.classify(request)

    async def Learn(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002  # gRPC's names
        return self.learn(request)

    async def GetProvider(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002  # gRPC's names
        return self.provider(request)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LocalAuthority:
    return LocalAuthority.open(tmp_path_factory.mktemp("peers"))


@pytest.fixture
async def peers(authority: LocalAuthority) -> AsyncIterator[Peers]:
    async with AsyncExitStack() as stack:
        gateway, peer = (authority.issue(f"{name}.{DOMAIN}", ["127.0.0.1"]) for name in ("gateway", "peer"))
        found = Peers()
        serving = await stack.enter_async_context(
            serve(
                address="127.0.0.1:0",
                tls=peer,
                callers=Callers(dict.fromkeys(METHODS, frozenset({f"gateway.{DOMAIN}"}))),
                services=[
                    lambda server: add_SentinelServiceServicer_to_server(found, server),
                    lambda server: add_ClassifierServiceServicer_to_server(found, server),
                ],
                health={SENTINEL: healthy},
            )
        )
        channel = open_channel(f"127.0.0.1:{serving.port}", gateway, f"peer.{DOMAIN}")
        await stack.enter_async_context(channel)
        found.judge = Judge(SentinelClient(channel), ClassifierClient(channel))
        yield found


async def healthy() -> bool:
    return True
