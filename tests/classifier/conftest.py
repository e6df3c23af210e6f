"""A desk with a real classifier behind mTLS, a sentinel that only signs, and mail that nobody ever wrote."""

import chassis  # noqa: F401  # isort: skip  # before grpc, which reads its ciphers while it is imported

import random
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.authority import LocalAuthority
from chassis.channel import open_channel
from chassis.settings import load
from chassis.tls import TlsFiles
from classifier import gate
from classifier.feature_key import FeatureKey
from classifier.gate import Cleared
from classifier.learned import LearnedEngine
from classifier.main import GATEWAY, started
from classifier.marks import marks
from classifier.settings import Settings
from mail_organiser.classifier.v1.classifier_pb2 import ClassifyRequest, LearnRequest
from mail_organiser.classifier.v1.classifier_pb2_grpc import ClassifierServiceStub
from mail_organiser.clearance import Trust, audience, sign
from mail_organiser.columns import FolderText, MessageText, encode_folders, encode_messages
from mail_organiser.digest import folder_digest, message_digest
from mail_organiser.mail.v1.mail_pb2 import Clearance, ClearanceBody, Purpose

CLASSIFIER = "classifier.mail-organiser.internal"
STRANGER = "stranger.mail-organiser.internal"
POLICY = bytes(range(32))
NONE: Mapping[str, Any] = {}
FOLDERS = tuple(FolderText(f"fol_{name}", name.title(), None) for name in ("bills", "travel", "family", "work", "news"))
_WORDS = (
    "invoice amount due",
    "flight seat gate",
    "birthday cake photos",
    "meeting minutes plan",
    "weekly digest issue",
)


@dataclass
class Sentinel:
    """Signs what it is told to: the test decides what was cleared."""

    kid: str = "k1"
    deployment: str = "desk"
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    @property
    def trust(self) -> Trust:
        return Trust({self.kid: self.key.public_key()}, audience(self.deployment), {POLICY}, {1})

    def body(self, batch_id: bytes, items: Sequence[bytes], changes: Mapping[str, Any]) -> ClearanceBody:
        now = int(time.time())
        given: dict[str, Any] = {
            "version": 1,
            "kid": self.kid,
            "audience": audience(self.deployment),
            "batch_id": batch_id,
            "policy_hash": POLICY,
            "prompt_form_version": 1,
            "issued_at": now,
            "expires_at": now + 120,
            "item": items,
        }
        return ClearanceBody(**{**given, **changes})

    def clear(self, batch_id: bytes, items: Sequence[bytes], changes: Mapping[str, Any] = NONE) -> Clearance:
        return sign(self.body(batch_id, items, changes), self.key)

    def classify(
        self,
        messages: Sequence[MessageText],
        folders: Sequence[FolderText] = FOLDERS,
        purpose: int = Purpose.PURPOSE_CLASSIFY,
        **changes: Any,
    ) -> ClassifyRequest:
        """A request in which everything is cleared; changes go into the clearance."""
        batch_id = secrets.token_bytes(16)
        items = [message_digest(purpose, message) for message in messages]
        items += [folder_digest(Purpose.PURPOSE_FOLDER, folder) for folder in folders]
        return ClassifyRequest(
            batch_id=batch_id,
            messages=encode_messages(messages),
            folders=encode_folders(folders),
            feature_key=bytes(32),
            clearance=self.clear(batch_id, items, changes),
        )

    def learn(
        self, filed: Sequence[tuple[MessageText, str]], purpose: int = Purpose.PURPOSE_LEARN, **changes: Any
    ) -> LearnRequest:
        """A request in which everything is cleared; changes go into the clearance."""
        batch_id = secrets.token_bytes(16)
        ids = sorted({folder for _, folder in filed})
        return LearnRequest(
            batch_id=batch_id,
            messages=encode_messages([message for message, _ in filed]),
            folder_id=ids,
            label=[ids.index(folder) for _, folder in filed],
            feature_key=bytes(32),
            clearance=self.clear(batch_id, [message_digest(purpose, message) for message, _ in filed], changes),
        )


@dataclass
class Desk:
    """Files of one deployment, and the classifier that runs on them."""

    folder: Path
    sentinel: Sentinel
    authority: LocalAuthority
    provider: str = ""  # a table of settings

    def issue(self, name: str) -> TlsFiles:
        return self.authority.issue(name, ["127.0.0.1"])

    def settings(self) -> Path:
        files = self.issue(CLASSIFIER)
        (self.folder / "keys.toml").write_text(f'[keys]\n"{self.sentinel.kid}" = "{self.sentinel.public.hex()}"\n')
        path = self.folder / "classifier.toml"
        path.write_text(
            f'deployment = "{self.sentinel.deployment}"\naddress = "127.0.0.1:0"\nsigning_keys = "keys.toml"\n'
            f'policies = ["{POLICY.hex()}"]\nprompt_forms = [1]\n[tls]\ncertificate = "{files.certificate}"\n'
            f'key = "{files.key}"\nauthority = "{files.authority}"\n{self.provider}'
        )
        return path

    @asynccontextmanager
    async def open(self, caller: str = GATEWAY) -> AsyncIterator[ClassifierServiceStub]:
        async with AsyncExitStack() as stack:
            serving = await started(load(Settings, self.settings()), stack)
            channel = open_channel(f"127.0.0.1:{serving.port}", self.issue(caller), CLASSIFIER)
            await stack.enter_async_context(channel)
            yield ClassifierServiceStub(channel)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LocalAuthority:
    return LocalAuthority.open(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def sentinel() -> Sentinel:
    return Sentinel()


@pytest.fixture
def desk(tmp_path: Path, sentinel: Sentinel, authority: LocalAuthority) -> Desk:
    return Desk(tmp_path, sentinel, authority)


@pytest.fixture
def key() -> FeatureKey:
    return FeatureKey(bytes(range(32)))


class Post:
    """Mail that nobody wrote: five folders, twenty senders of which each mostly belongs to one."""

    folders = FOLDERS

    def message(self, sender: str = "ann@shop.test", subject: str = "Invoice 12", **more: Any) -> MessageText:
        return MessageText(subject, sender.partition("@")[0].title(), sender, None, **more)

    def stream(self, rows: int, seed: int = 7) -> Iterator[tuple[MessageText, str]]:
        chance = random.Random(seed)  # noqa: S311  # mail of a test, the same in each run
        for _ in range(rows):
            person = chance.randrange(20)
            at = person % 5 if chance.random() < 0.9 else chance.randrange(5)
            words = " ".join(chance.sample(_WORDS[at].split(), 2))
            message = self.message(f"p{person}@d{person % 7}.test", f"{words} {chance.randrange(1000)}")
            yield message, FOLDERS[at].id


@pytest.fixture
def post() -> Post:
    return Post()


class Taught:
    """A person's engine, and what it takes to talk to it through the gate."""

    def __init__(self, key: FeatureKey, sentinel: Sentinel) -> None:
        self.engine = LearnedEngine(key)
        self._sentinel = sentinel

    def cleared(self, message: MessageText) -> Cleared:
        items = [message_digest(Purpose.PURPOSE_CLASSIFY_LOCAL, message)]
        clearance = self._sentinel.clear(bytes(16), items)
        batch = gate.open_batch(clearance, trust=self._sentinel.trust, batch_id=bytes(16), now=time.time())
        return batch.to_classify([message])[0]

    def learn(self, message: MessageText, folder: str) -> None:
        self.engine.learn(marks(self.cleared(message), self.engine.key), self.engine.key.label(folder))

    def choose(self, message: MessageText, folders: Sequence[str]) -> Any:
        offered = [self.engine.key.label(folder) for folder in folders]
        return self.engine.choose(marks(self.cleared(message), self.engine.key), self.engine.offer(offered))

    def learn_all(self, filed: Iterator[tuple[MessageText, str]]) -> "Taught":
        for message, folder in filed:
            self.learn(message, folder)
        return self


@pytest.fixture
def taught(key: FeatureKey, sentinel: Sentinel) -> Taught:
    return Taught(key, sentinel)


@pytest.fixture
def teach(sentinel: Sentinel) -> Callable[..., Taught]:
    """Makes further engines, under the same key if none is given."""
    return lambda key=None: Taught(key or FeatureKey(bytes(range(32))), sentinel)
