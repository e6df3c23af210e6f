"""Rows to columns and back: the only code that knows how MessageColumns and FolderColumns are packed.

Guarantees: what decodes has columns of one length, known presence bits and text only where its bit is set; anything
else raises MalformedColumns, whose words name the column and never its content.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from mail_organiser.mail.v1.mail_pb2 import FolderColumns, MessageColumns

MAX_ITEMS = 512  # messages and folders in one batch; DESIGN section 4
MAX_RECIPIENTS = 500  # of one message; Exchange's own limit for a message's recipients is 500

_MESSAGE_TEXTS = ("subject", "sender_name", "sender_address", "list_id")
_FOLDER_TEXTS = ("id", "name", "description")


class MalformedColumns(ValueError):
    """The columns of a batch contradict one another; the words name the column only."""


class MessageText(NamedTuple):
    """Everything of a message that may leave the gateway. None means that Graph had no such field."""

    subject: str | None
    sender_name: str | None
    sender_address: str | None
    list_id: str | None = None
    recipients: tuple[str, ...] = ()


class FolderText(NamedTuple):
    """A folder that a choice may name: our opaque id, the name and what the owner wrote about it."""

    id: str
    name: str
    description: str | None = None


def encode_messages(rows: Sequence[MessageText]) -> MessageColumns:
    """Packs rows into columns; lone surrogates must have been replaced before (protobuf carries UTF-8 only)."""
    return MessageColumns(
        present=[_present(row[:4]) for row in rows],
        subject=[row.subject or "" for row in rows],
        sender_name=[row.sender_name or "" for row in rows],
        sender_address=[row.sender_address or "" for row in rows],
        list_id=[row.list_id or "" for row in rows],
        recipient_count=[len(row.recipients) for row in rows],
        recipient=[address for row in rows for address in row.recipients],
    )


def encode_folders(rows: Sequence[FolderText]) -> FolderColumns:
    """Packs folders into columns."""
    return FolderColumns(
        present=[_present(row) for row in rows],
        id=[row.id for row in rows],
        name=[row.name for row in rows],
        description=[row.description or "" for row in rows],
    )


def decode_messages(columns: MessageColumns) -> list[MessageText]:
    """Unpacks columns into rows, or raises MalformedColumns."""
    present = list(columns.present)
    texts = [
        _texts(name, list(column), present, bit)
        for bit, (name, column) in enumerate(
            zip(
                _MESSAGE_TEXTS,
                (columns.subject, columns.sender_name, columns.sender_address, columns.list_id),
                strict=True,
            ),
        )
    ]
    _check_bits(present, len(_MESSAGE_TEXTS))
    recipients = _recipients(list(columns.recipient_count), list(columns.recipient), len(present))
    return [MessageText(*row) for row in zip(*texts, recipients, strict=True)]


def decode_folders(columns: FolderColumns) -> list[FolderText]:
    """Unpacks columns into folders, or raises MalformedColumns. Ids are present, not empty and unique."""
    present = list(columns.present)
    ids, names, descriptions = (
        _texts(name, list(column), present, bit)
        for bit, (name, column) in enumerate(
            zip(_FOLDER_TEXTS, (columns.id, columns.name, columns.description), strict=True),
        )
    )
    _check_bits(present, len(_FOLDER_TEXTS))
    if not all(ids) or len(set(ids)) != len(ids):
        raise MalformedColumns("id: every folder needs an id of its own")
    rows = zip(ids, names, descriptions, strict=True)
    return [FolderText(id_ or "", name or "", description) for id_, name, description in rows]


def _present(texts: Iterable[str | None]) -> int:
    return sum(1 << bit for bit, text in enumerate(texts) if text is not None)


def _check_bits(present: Sequence[int], texts: int) -> None:
    if len(present) > MAX_ITEMS:
        raise MalformedColumns(f"present: over {MAX_ITEMS} items in one batch")
    if any(mask >> texts for mask in present):
        raise MalformedColumns("present: an unknown bit is set")


def _texts(name: str, column: list[str], present: Sequence[int], bit: int) -> list[str | None]:
    if len(column) != len(present):
        raise MalformedColumns(f"{name}: length differs from present")
    flag = 1 << bit
    if any(text and not mask & flag for text, mask in zip(column, present, strict=True)):
        raise MalformedColumns(f"{name}: text where its bit is clear")
    return [text if mask & flag else None for text, mask in zip(column, present, strict=True)]


def _recipients(counts: list[int], flat: list[str], rows: int) -> Iterator[tuple[str, ...]]:
    if len(counts) != rows or sum(counts) != len(flat):
        raise MalformedColumns("recipient: counts and entries differ")
    if any(count > MAX_RECIPIENTS for count in counts):
        raise MalformedColumns(f"recipient: over {MAX_RECIPIENTS} in one message")
    edges = accumulate(counts, initial=0)
    return iter([tuple(flat[start:end]) for start, end in pairwise(edges)])
