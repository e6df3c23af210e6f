"""Prequential replay: for each row of a stream, choose a folder, then learn the one it has.

The operator's own rows take the same way in as mail does: replay signs for them with a key that lives as long as the
run, and the gate checks it. So there is no way round the gate, not even for measuring. Must never write a row's text
anywhere; errors name the line.
"""

import json
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from classifier.choice import Choice
from classifier.feature_key import FeatureKey
from classifier.gate import Cleared, ClearedBatch, ClearedFolder, open_batch
from classifier.learned import LearnedEngine
from classifier.lexical import FolderNames
from classifier.marks import marks
from classifier.well_known.kinds import kinds
from classifier.well_known.suggestion import Suggestions
from mail_organiser.clearance import BATCH_ID_LENGTH, MAX_LIFETIME, VERSION, Trust, audience, sign
from mail_organiser.columns import MAX_RECIPIENTS, FolderText, MessageText
from mail_organiser.digest import folder_digest, message_digest
from mail_organiser.list_id import bare_list_id
from mail_organiser.mail.v1.mail_pb2 import ClearanceBody, Purpose
from mail_organiser.prompt_form import VERSION as PROMPT_FORM

ROWS = 256  # in a batch: two digests a row, and a clearance holds 512
_KID = "replay"
_POLICY = bytes(32)  # nothing judged these rows: the operator vouches for them


class MalformedRow(ValueError):
    """A line that is no row; the words name the field, never its content."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line. folder: where the owner filed it; None if unknown."""

    id: str
    user: str
    message: MessageText
    folder: str | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was chosen for a row. folder: its name, or None."""

    row: Row
    folder: str | None
    choice: Choice

    @property
    def right(self) -> bool:
        """Whether the owner filed it there."""
        return self.folder is not None and self.folder == self.row.folder


@dataclass(slots=True)
class Person:
    """One user's engine and the folders seen so far."""

    engine: LearnedEngine
    folders: list[ClearedFolder] = field(default_factory=list)  # the name is the id, too
    labels: list[int] = field(default_factory=list)
    names: FolderNames = field(default_factory=lambda: FolderNames(()))
    suggestions: Suggestions = field(default_factory=lambda: Suggestions((), kinds()))

    def choose(self, message: Cleared) -> tuple[str | None, Choice]:
        """The name of the chosen folder, and the choice."""
        offer = self.engine.offer(self.labels)
        learned = self.engine.choose(marks(message, self.engine.key), offer, self.names.hints(message))
        choice = self.suggestions.instead_of(learned, message)
        return None if choice.folder is None else self.folders[choice.folder].text.name, choice

    def learn(self, message: Cleared, folder: ClearedFolder) -> None:
        """Learns one filing; the folder can be chosen from now on."""
        label = self.engine.key.label(folder.text.id)
        if label not in self.labels:
            self.folders, self.labels = [*self.folders, folder], [*self.labels, label]
            self.names, self.suggestions = FolderNames(self.folders), Suggestions(self.folders, kinds())
        self.engine.learn(marks(message, self.engine.key), label)


class Replay:
    """One run: a profile for each user, all under one feature key."""

    def __init__(self, key: FeatureKey) -> None:
        self._key = key
        self._signer = Ed25519PrivateKey.generate()
        self._people: dict[str, Person] = {}

    def of(self, rows: Iterable[Row]) -> Iterator[Replayed]:
        """What is chosen for each row, in order; a row is learned after it was chosen for."""
        stream = iter(rows)
        while several := list(islice(stream, ROWS)):
            cleared = self.cleared_rows(several)
            texts = [row.message for row in several]
            folders = self.cleared_folders({row.folder for row in several if row.folder is not None})
            for row, seen, filed in zip(several, cleared.to_classify(texts), cleared.to_learn(texts), strict=True):
                yield self._one(row, seen, filed, folders)

    def _one(self, row: Row, seen: Cleared, filed: Cleared, folders: dict[str, ClearedFolder]) -> Replayed:
        person = self._people.setdefault(row.user, Person(LearnedEngine(self._key)))
        name, choice = person.choose(seen)
        if row.folder is not None:
            person.learn(filed, folders[row.folder])
        return Replayed(row, name, choice)

    def cleared_rows(self, rows: Sequence[Row]) -> ClearedBatch:
        purposes = (Purpose.PURPOSE_CLASSIFY_LOCAL, Purpose.PURPOSE_LEARN)
        return self._cleared([message_digest(purpose, row.message) for row in rows for purpose in purposes])

    def cleared_folders(self, names: Iterable[str]) -> dict[str, ClearedFolder]:
        texts = [FolderText(name, name) for name in sorted(names)]
        batch = self._cleared([folder_digest(Purpose.PURPOSE_FOLDER, text) for text in texts])
        return {folder.text.name: folder for folder in batch.folders(texts)}

    def _cleared(self, items: Sequence[bytes]) -> ClearedBatch:
        now, batch_id = int(time.time()), secrets.token_bytes(BATCH_ID_LENGTH)
        body = ClearanceBody(
            version=VERSION,
            kid=_KID,
            audience=audience(_KID),
            batch_id=batch_id,
            policy_hash=_POLICY,
            prompt_form_version=PROMPT_FORM,
            issued_at=now,
            expires_at=now + MAX_LIFETIME,
            item=items,
        )
        trust = Trust({_KID: self._signer.public_key()}, audience(_KID), [_POLICY], [PROMPT_FORM])
        return open_batch(sign(body, self._signer), trust=trust, batch_id=batch_id, now=now)


def parse(line: str) -> Row:
    """The row in a line of JSON, or MalformedRow."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise MalformedRow("not JSON") from None
    if not isinstance(found, dict):
        raise MalformedRow("not a JSON object")
    identity = _text(found, "id")
    if identity is None:
        raise MalformedRow("id: is missing")
    return Row(identity, _text(found, "user") or "", _message(found), _text(found, "folder"))


def written(replayed: Replayed) -> str:
    """The line that answers a row."""
    choice = replayed.choice
    answer = {
        "id": replayed.row.id,
        "folder": replayed.folder,
        "confidence": round(choice.confidence, 4),
        "engine": choice.engine.value,
        "reason": choice.reason.value,
    }
    return json.dumps(answer, ensure_ascii=False)


def _message(found: dict[str, Any]) -> MessageText:
    return MessageText(
        subject=_text(found, "subject"),
        sender_name=_text(found, "from_name"),
        sender_address=_text(found, "from_address"),
        list_id=bare_list_id(_text(found, "list_id")),
        recipients=(*_texts(found, "to"), *_texts(found, "cc"))[:MAX_RECIPIENTS],
    )


def _text(found: dict[str, Any], name: str) -> str | None:
    value = found.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise MalformedRow(f"{name}: is not a text")
    return _scalar(value)


def _texts(found: dict[str, Any], name: str) -> list[str]:
    value = found.get(name) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise MalformedRow(f"{name}: is not a list of texts")
    return [_scalar(each) for each in value]


def _scalar(text: str) -> str:
    """Without lone surrogates, which JSON can say and the wire can't."""
    return text.encode("utf-8", "replace").decode()
