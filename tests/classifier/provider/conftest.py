"""A real classifier with a provider behind it: scripted, on loopback, over TLS. Nothing is replaced by a mock."""

import chassis  # noqa: F401  # isort: skip  # before grpc, which reads its ciphers while it is imported

import importlib
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mail_organiser.classifier.v1.classifier_pb2 import Amount, ClassifyRequest, ExampleColumns
from mail_organiser.columns import FolderText, MessageText, encode_messages
from mail_organiser.digest import message_digest
from mail_organiser.mail.v1.mail_pb2 import Purpose

PROVIDER = Path(__file__).resolve().parents[2] / "provider"
AMPLE = Amount(tokens=10**9, nanos=10**15)
TIMEOUT = 20.0


def load(name: str) -> Any:
    """A module of tests/provider, which is a folder of programs and no package."""
    if str(PROVIDER) not in sys.path:
        sys.path.insert(0, str(PROVIDER))
    return importlib.import_module(name)


@pytest.fixture(scope="session")
def part() -> Callable[[str], Any]:
    return load


@dataclass
class Office:
    """A classifier and its provider."""

    desk: Any
    server: Any
    classifier: Any

    def request(
        self,
        messages: Sequence[MessageText],
        examples: Sequence[tuple[MessageText, int]] = (),
        allowance: Amount | None = AMPLE,
        **more: Any,
    ) -> ClassifyRequest:
        """All of it cleared, examples too; an allowance of None is none."""
        request = self.desk.sentinel.classify(messages, **more)
        if examples:
            request.examples.CopyFrom(self.examples(examples))
        if allowance is not None:
            request.allowance.CopyFrom(allowance)
        return request

    def examples(
        self, examples: Sequence[tuple[MessageText, int]], purpose: int = Purpose.PURPOSE_EXAMPLE
    ) -> ExampleColumns:
        """Filed messages under a clearance of their own."""
        batch_id = secrets.token_bytes(16)
        texts = [message for message, _ in examples]
        clearance = self.desk.sentinel.clear(batch_id, [message_digest(purpose, text) for text in texts])
        labels = [label for _, label in examples]
        return ExampleColumns(batch_id=batch_id, messages=encode_messages(texts), label=labels, clearance=clearance)

    async def classify(self, messages: Sequence[MessageText], **more: Any) -> Any:
        return await self.classifier.Classify(self.request(messages, **more), timeout=TIMEOUT)

    async def settled(self) -> int:
        """The number of requests so far, once the probe's is among them."""
        while not self.server.asked:
            await importlib.import_module("asyncio").sleep(0.01)
        return len(self.server.asked)

    @property
    def asked(self) -> list[Any]:
        """What the provider was asked about mail: all but the probe."""
        return [one for one in self.server.asked if "File this message:" in one.user]


@pytest.fixture
def office(desk: Any) -> Callable[..., Any]:
    """Opens a classifier whose provider answers by a script; settings: further lines of its table."""

    @asynccontextmanager
    async def opened(script: Any, settings: str = "") -> AsyncIterator[Office]:
        async with AsyncExitStack() as stack:
            server = load("scripted_server").ScriptedServer(script)
            files = desk.issue("provider.example")
            await server.start(files.certificate, files.key)
            stack.push_async_callback(server.stop)
            desk.provider = table(desk.folder, server.url, files.authority, settings)
            yield Office(desk, server, await stack.enter_async_context(desk.open()))

    return opened


KEY = "sk-key-5b1f0c99"


def table(folder: Path, url: str, authority: Path, settings: str = "") -> str:
    """[provider], with its key in a file."""
    key = folder / "provider-key"
    key.write_text(KEY)
    key.chmod(0o600)
    given = "" if "prompt_price" in settings else "prompt_price = 0.15\nanswer_price = 0.6\n"
    return (
        f'[provider]\nbase_url = "{url}"\nmodel = "small"\napi_key = "{key}"\nauthority = "{authority}"\n'
        f"{given}{settings}\n"
    )


@pytest.fixture
def key_text() -> str:
    return KEY


@pytest.fixture
def invoice() -> MessageText:
    return MessageText("Invoice 12", "Ann", "ann@shop.test", "<news.shop.test>", ("you@sandbox.test",))


@pytest.fixture
def two_folders() -> tuple[FolderText, ...]:
    return FolderText("fol_bills", "Bills", "What I pay"), FolderText("fol_travel", "Travel", None)
