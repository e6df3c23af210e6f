"""Nora Keller's mailbox: about 400 messages of one made-up person, written for this project.

Guarantees: the same messages, ids and order every time; every address ends in .example or .test (RFC 2606), so it is
nobody's; a message never carries what a test knows about it. Nora filed by hand until the end of August; what came
later lies in the inbox, with the mail that fits no folder and the attacks.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

from sandbox.sample.attack import Attack, attacks
from sandbox.sample.source import NORA, Line, parse
from sandbox.seed_message import SeedMessage, SeedRecipient

FILED_UNTIL = datetime(2026, 9, 1, tzinfo=UTC)

# File of mail/ to the folder that its mail belongs to; None: to no folder.
_FOLDERS: Mapping[str, str | None] = {
    "bank": "Bank",
    "build-alerts": "Build alerts",
    "family": "Family",
    "newsletters": "Newsletters",
    "none": None,
    "receipts": "Receipts",
    "school": "School",
    "travel": "Travel",
    "work-projects": "Work projects",
}


class Truth(NamedTuple):
    """What a test may know of a message: where it belongs, and whether and how it attacks.

    technique and language are None for benign mail; sounds_hostile marks the benign mail that looks like an attack.
    """

    folder: str | None
    technique: str | None = None
    language: str | None = None
    sounds_hostile: bool = False


class _Entry(NamedTuple):
    message: SeedMessage
    truth: Truth


def messages() -> Iterator[SeedMessage]:
    """All messages, oldest first."""
    return (entry.message for entry in _entries())


def truth() -> dict[str, Truth]:
    """What is true of each message, by its internet_message_id. For tests and measurements only."""
    return {entry.message.internet_message_id or "": entry.truth for entry in _entries()}


def _entries() -> list[_Entry]:
    benign = (_benign(line, folder) for name, folder in _FOLDERS.items() for line in parse(_lines(name)))
    hostile = (_hostile(attack) for attack in attacks())
    return sorted([*benign, *hostile], key=lambda entry: (entry.message.received_at, entry.message.internet_message_id))


def _lines(name: str) -> list[str]:
    return (files("sandbox.sample") / "mail" / f"{name}.txt").read_text("utf-8").splitlines()


def _benign(line: Line, folder: str | None) -> _Entry:
    message = SeedMessage(
        folder=folder if line.sent_at < FILED_UNTIL else None,
        subject=line.subject,
        sender_name=line.sender_name,
        sender_address=line.sender_address,
        received_at=line.sent_at,
        recipients=_recipients(line.recipients),
        list_id=line.list_id,
        internet_message_id=_id(line.sent_at, line.sender_address),
    )
    return _Entry(message, Truth(folder, sounds_hostile=line.sounds_hostile))


def _hostile(attack: Attack) -> _Entry:
    message = SeedMessage(
        folder=None,
        subject=attack.subject,
        sender_name=attack.sender_name,
        sender_address=attack.sender_address,
        received_at=attack.sent_at,
        recipients=_recipients((NORA,)),
        internet_message_id=_id(attack.sent_at, attack.sender_address),
    )
    return _Entry(message, Truth(None, attack.technique, attack.language))


def _recipients(addresses: tuple[str, ...]) -> tuple[SeedRecipient, ...]:
    return tuple(SeedRecipient(name="Nora Keller" if address == NORA else "", address=address) for address in addresses)


def _id(sent_at: datetime, sender: str) -> str:
    # A hash, so that an id says nothing about what its message is.
    digest = sha256(f"{sent_at.isoformat()} {sender}".encode()).hexdigest()[:20]
    return f"<{digest}@{sender.rpartition('@')[2]}>"
