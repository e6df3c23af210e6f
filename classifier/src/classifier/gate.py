"""The one way in: turns the texts of a request into the only types that features can be built from.

Guarantees: a Cleared message was found, byte for byte, among the digests that sentinel signed for this batch, under
the purpose it is used for; one absent digest refuses the whole call with ClearanceRefused. Steps 1 to 4 of
spec clearance are mail_organiser.clearance.open_clearance, step 5 is here. Must never: skip a single item, read a
setting that turns a step off, or put a text into an exception.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

from mail_organiser.clearance import ClearanceRefused, Trust, open_clearance, require
from mail_organiser.columns import FolderText, MessageText
from mail_organiser.digest import folder_digest, message_digest
from mail_organiser.mail.v1.mail_pb2 import Clearance, Purpose

__all__ = [
    "ClearanceRefused",
    "Cleared",
    "ClearedBatch",
    "ClearedExample",
    "ClearedFolder",
    "ProviderCleared",
    "open_batch",
]


class _Proof:
    """Only this module makes one: what carries it went through step 5."""


_PROVEN = _Proof()


@dataclass(frozen=True, slots=True)
class Cleared:
    """A message that sentinel cleared for the learned engine."""

    text: MessageText
    proof: _Proof


@final
@dataclass(frozen=True, slots=True)
class ProviderCleared(Cleared):
    """A message that sentinel found clean: the AI provider may read it too."""


@final
@dataclass(frozen=True, slots=True)
class ClearedFolder:
    """A folder whose name and description sentinel found clean."""

    text: FolderText
    proof: _Proof


@final
@dataclass(frozen=True, slots=True)
class ClearedExample:
    """A filed message that sentinel found clean to be shown, and the index of its folder in the request."""

    text: MessageText
    folder: int
    proof: _Proof


@final
@dataclass(frozen=True, slots=True)
class ClearedBatch:
    """The digests of one verified clearance, and what they admit. Made by open_batch only."""

    items: frozenset[bytes]
    proof: _Proof

    def to_classify(self, messages: Iterable[MessageText]) -> list[Cleared]:
        """Step 5 for Classify: ProviderCleared under CLASSIFY, Cleared under CLASSIFY_LOCAL, else ClearanceRefused."""
        return [self._classifiable(message) for message in messages]

    def to_learn(self, messages: Iterable[MessageText]) -> list[Cleared]:
        """Step 5 for Learn: every message under LEARN, or ClearanceRefused."""
        rows = list(messages)
        require((message_digest(Purpose.PURPOSE_LEARN, row) for row in rows), self.items)
        return [Cleared(row, _PROVEN) for row in rows]

    def to_show(self, messages: Sequence[MessageText], folders: Sequence[int]) -> list[ClearedExample]:
        """Step 5 for examples: every message under EXAMPLE, or ClearanceRefused."""
        require((message_digest(Purpose.PURPOSE_EXAMPLE, row) for row in messages), self.items)
        return [ClearedExample(row, folder, _PROVEN) for row, folder in zip(messages, folders, strict=True)]

    def folders(self, folders: Sequence[FolderText]) -> list[ClearedFolder]:
        """Step 5 for folders: every one under FOLDER, or ClearanceRefused."""
        require((folder_digest(Purpose.PURPOSE_FOLDER, folder) for folder in folders), self.items)
        return [ClearedFolder(folder, _PROVEN) for folder in folders]

    def _classifiable(self, message: MessageText) -> Cleared:
        if message_digest(Purpose.PURPOSE_CLASSIFY, message) in self.items:
            return ProviderCleared(message, _PROVEN)
        require([message_digest(Purpose.PURPOSE_CLASSIFY_LOCAL, message)], self.items)
        return Cleared(message, _PROVEN)


def open_batch(clearance: Clearance, *, trust: Trust, batch_id: bytes, now: float) -> ClearedBatch:
    """Steps 1 to 4 on the raw bytes; now is in Unix seconds. ClearanceRefused names the step that refused."""
    return ClearedBatch(open_clearance(clearance, trust=trust, batch_id=batch_id, now=now), _PROVEN)
