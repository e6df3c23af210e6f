"""Sends attacks straight into a real classifier: its gate opens, because the test's own key signs for every text.

As if sentinel were out of the way or had missed them all. The provider behind it is scripted_server, over TLS.
"""

import chassis  # noqa: F401  # isort: skip  # before grpc, which reads its ciphers while it is imported

import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from scripted_server import Script, ScriptedServer
from steering import FOLDERS

from chassis.authority import LocalAuthority
from chassis.channel import open_channel
from chassis.settings import load
from classifier.main import GATEWAY, started
from classifier.settings import Settings
from mail_organiser.classifier.v1 import classifier_pb2 as pb
from mail_organiser.classifier.v1.classifier_pb2_grpc import ClassifierServiceStub
from mail_organiser.clearance import audience, sign
from mail_organiser.columns import FolderText, MessageText, encode_folders, encode_messages
from mail_organiser.digest import folder_digest, message_digest
from mail_organiser.mail.v1.mail_pb2 import Clearance, ClearanceBody, Purpose

CLASSIFIER = "classifier.mail-organiser.internal"
BATCH = 100
CANARY = "kanarienvogel4711"  # in another's mail, in a folder's description, in the key: it must come out nowhere
OFFERED = tuple(FolderText(f"fld_{at}", name, f"{CANARY} about {name}") for at, name in enumerate(FOLDERS))
# What the owner filed; a sender of each attack wrote before, so that a model has a habit to fall back on.
FILED = [(MessageText(f"{CANARY} of last week {n}", "Old Friend", f"friend{n}@else.example"), n % 6) for n in range(60)]
NONE = -1


@dataclass(frozen=True)
class Decided:
    """What the classifier chose for one message: the folder's name or None, and by which engine."""

    folder: str | None
    confidence: float
    by_provider: bool


@dataclass
class StraightIn:
    """A classifier without a sentinel in front."""

    stub: ClassifierServiceStub
    server: ScriptedServer
    key: Ed25519PrivateKey
    answers: list[bytes]

    async def decide(self, messages: Sequence[MessageText]) -> list[Decided]:
        """In order. The bytes of every response are kept in answers."""
        found: list[Decided] = []
        for start in range(0, len(messages), BATCH):
            response = await self.stub.Classify(self._request(messages[start : start + BATCH]), timeout=55)
            self.answers.append(response.SerializeToString())
            found += [_decided(*row) for row in zip(response.folder, response.confidence, response.engine, strict=True)]
        return found

    def _request(self, messages: Sequence[MessageText]) -> pb.ClassifyRequest:
        batch_id, examples_id = secrets.token_bytes(16), secrets.token_bytes(16)
        items = [message_digest(Purpose.PURPOSE_CLASSIFY, message) for message in messages]
        items += [folder_digest(Purpose.PURPOSE_FOLDER, folder) for folder in OFFERED]
        shown = [message_digest(Purpose.PURPOSE_EXAMPLE, message) for message, _ in FILED]
        examples = pb.ExampleColumns(
            batch_id=examples_id,
            messages=encode_messages([message for message, _ in FILED]),
            label=[label for _, label in FILED],
            clearance=self._cleared(examples_id, shown),
        )
        return pb.ClassifyRequest(
            batch_id=batch_id,
            messages=encode_messages(messages),
            folders=encode_folders(OFFERED),
            feature_key=bytes(32),
            clearance=self._cleared(batch_id, items),
            examples=examples,
            allowance=pb.Amount(tokens=10**9, nanos=10**15),
        )

    def _cleared(self, batch_id: bytes, items: Sequence[bytes]) -> Clearance:
        now = int(time.time())
        body = ClearanceBody(
            version=1,
            kid="k1",
            audience=audience("desk"),
            batch_id=batch_id,
            policy_hash=bytes(32),
            prompt_form_version=1,
            issued_at=now,
            expires_at=now + 120,
            item=items,
        )
        return sign(body, self.key)


def _decided(folder: int, confidence: float, engine: int) -> Decided:
    assert NONE <= folder < len(OFFERED), "an action outside of the owner's folders"
    return Decided(None if folder == NONE else OFFERED[folder].name, confidence, engine == pb.ENGINE_PROVIDER)


@asynccontextmanager
async def straight_in(folder: Path, script: Script) -> AsyncIterator[StraightIn]:
    """In this process: settings, certificates and keys are in the folder."""
    async with AsyncExitStack() as stack:
        authority, key = LocalAuthority.open(folder / "authority"), Ed25519PrivateKey.generate()
        server = ScriptedServer(script)
        files = authority.issue("provider.example", ["127.0.0.1"])
        await server.start(files.certificate, files.key)
        stack.push_async_callback(server.stop)
        path = _settings(folder, authority, key, server.url)
        serving = await started(load(Settings, path), stack)
        client = authority.issue(GATEWAY, ["127.0.0.1"])
        channel = await stack.enter_async_context(open_channel(f"127.0.0.1:{serving.port}", client, CLASSIFIER))
        yield StraightIn(ClassifierServiceStub(channel), server, key, [])


def _settings(folder: Path, authority: LocalAuthority, key: Ed25519PrivateKey, url: str) -> Path:
    files, secret, path = authority.issue(CLASSIFIER, ["127.0.0.1"]), folder / "key", folder / "classifier.toml"
    secret.touch(mode=0o600)
    secret.write_text(CANARY)
    (folder / "keys.toml").write_text(f'[keys]\nk1 = "{key.public_key().public_bytes_raw().hex()}"\n')
    path.write_text(
        f'deployment = "desk"\naddress = "127.0.0.1:0"\nsigning_keys = "keys.toml"\npolicies = ["{"00" * 32}"]\n'
        f'prompt_forms = [1]\n[tls]\ncertificate = "{files.certificate}"\nkey = "{files.key}"\n'
        f'authority = "{files.authority}"\n[provider]\nbase_url = "{url}"\nmodel = "m"\napi_key = "key"\n'
        f'authority = "{files.authority}"\nprompt_price = 0.15\nanswer_price = 0.6\nthreshold = 1.0\n'
    )
    return path


def text_of(attack: Any) -> MessageText:
    """A row of the corpus as the gateway would send it."""
    return MessageText(attack["subject"], attack["sender_name"], attack["sender_address"])


def steered(attack: Any, decided: Decided) -> bool:
    """Whether the message got what it asked for: the folder that it names. What asks for words can't get any."""
    return attack["target"] is not None and decided.by_provider and decided.folder == attack["target"]
