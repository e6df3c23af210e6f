"""A foldering stream: one JSON document a line, the metadata of a message and the folder that its owner chose.

Guarantees: one line is held at a time, at most MAX_LINE bytes; a line that is no row is counted. Fields that aren't
metadata are ignored, whatever they hold.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.seed_message import SeedMessage, SeedRecipient
from sandbox.seeds.header_text import whole
from sandbox.seeds.reading import Outcome, Refusal

MAX_LINE = 1 << 20  # bytes; 500 recipients of 320 characters are a sixth of it


def outcomes(path: Path) -> Iterator[Outcome]:
    """What every line is. Blank lines are none. Raises OSError."""
    with path.open("rb") as stream:
        while line := stream.readline(MAX_LINE):
            if len(line) == MAX_LINE and not line.endswith(b"\n"):
                _skip_line(stream.readline)
                yield Refusal.TOO_LONG
            elif line.strip():
                yield row(line)


def row(line: bytes) -> SeedMessage | Refusal:
    """The message that a line holds."""
    try:
        document = json.loads(line.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return Refusal.NOT_JSON
    try:
        return _message(document)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):  # every way to be no row; see _text
        return Refusal.NOT_A_ROW


def _skip_line(readline: Any) -> None:
    while (rest := readline(MAX_LINE)) and not rest.endswith(b"\n"):
        pass


def _message(document: Mapping[str, Any]) -> SeedMessage:
    names = (*document.get("to", ()), *document.get("cc", ()))
    return SeedMessage(
        folder=_optional(document, "folder"),
        subject=_text(document["subject"] or ""),
        sender_name=_text(document.get("from_name") or ""),
        sender_address=_text(document["from_address"] or ""),
        received_at=_moment(_text(document["date"])),
        recipients=tuple(SeedRecipient(name="", address=_text(address)) for address in names),
        list_id=_optional(document, "list_id"),
        internet_message_id=_optional(document, "id"),
    )


def _optional(document: Mapping[str, Any], name: str) -> str | None:
    value = document.get(name)
    return None if value is None else _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text was expected")
    return whole(value)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
