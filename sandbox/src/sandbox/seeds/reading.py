"""What became of every message of a mailbox: read, refused or left out, and why.

Guarantees that the three numbers add up to what was found. Holds counts and never text of a message.
"""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import Self

from sandbox.seed_message import SeedMessage


class Refusal(StrEnum):
    """Why a message couldn't be read; the value is what its owner is told."""

    EMPTY = "empty"
    NO_HEADERS = "no header lines"
    NOT_JSON = "not a JSON document"
    NOT_A_ROW = "JSON, but not a row with date, from_address and subject"
    TOO_LONG = "longer than any message's metadata"
    NOT_OPENED = "the file can't be opened"
    DAMAGED = "the archive is damaged from here on"


class LeftOut(StrEnum):
    """Mail that nobody files: it was readable, but isn't received mail."""

    SENT = "sent"
    DRAFT = "draft"
    SPAM = "spam"
    TRASH = "trash"
    CHAT = "chat"


Outcome = SeedMessage | Refusal | LeftOut


class Reading(Iterator[SeedMessage]):
    """Iterates over the messages and counts as it goes; the counts are complete once it is exhausted."""

    def __init__(self, outcomes: Iterator[Outcome]) -> None:
        self._outcomes = outcomes
        self.messages = 0
        self.refused: Counter[Refusal] = Counter()
        self.left_out: Counter[LeftOut] = Counter()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> SeedMessage:
        for outcome in self._outcomes:
            if isinstance(outcome, SeedMessage):
                self.messages += 1
                return outcome
            self._count(outcome)
        raise StopIteration

    def _count(self, outcome: Refusal | LeftOut) -> None:
        if isinstance(outcome, Refusal):
            self.refused[outcome] += 1
        else:
            self.left_out[outcome] += 1

    def summary(self) -> str:
        """One line: how many were read, and how many were not for which reason."""
        parts = [f"{self.messages} read"]
        parts += [f"{count} refused ({reason})" for reason, count in sorted(self.refused.items())]
        parts += [f"{count} left out ({reason})" for reason, count in sorted(self.left_out.items())]
        return ", ".join(parts)
