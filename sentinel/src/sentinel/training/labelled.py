"""Labelled mail from outside the project: one JSON object a line, as in the README of the data.

What the detector would score of honest mail is all honest; of an attack only the place that the row names is one.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sentinel.detectors.learned import Piece, pieces
from sentinel.finding import Field
from sentinel.item import Item
from sentinel.learned.feature import FeatureReader
from sentinel.learned.role import Role
from sentinel.reading import inspected
from sentinel.training.instance import Instance, canonical

ATTACK_WEIGHT = 3.0  # real attacks are few beside those that the phrase books make
Row = Mapping[str, Any]
_FIELDS = {Field.SUBJECT: "subject", Field.SENDER_NAME: "sender_name"}
# Their canonical form isn't plain yet: what is learned from is the text, not its disguise.
_DISGUISED = frozenset({"obf:base64", "obf:leet", "obf:spaced"})


def read_rows(file: Path) -> list[Row]:
    """The rows of a file."""
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def item(row: Row) -> Item:
    """What is inspected of a row."""
    return Item({field: row[name] for field, name in _FIELDS.items() if row.get(name)})


def scored(row: Row, reader: FeatureReader) -> list[Piece]:
    """Every piece of text that the detector scores of a row."""
    return list(pieces([inspected(item(row))], reader))


def instances(row: Row, reader: FeatureReader) -> Iterator[Instance]:
    """What is learned from a row."""
    if not row["label"]:
        yield from (_instance(row, piece.role, piece.text) for piece in scored(row, reader))
    elif row["family"] not in _DISGUISED:
        yield _instance(row, *_attack(row))


def _attack(row: Row) -> tuple[Role, str]:
    name, subject = row["sender_name"] or "", row["subject"] or ""
    if row["placement"] == "sender":
        return Role.SENDER, canonical(name)
    if row["placement"] == "split":
        return Role.JOINED, f"{canonical(name)} {canonical(subject)}"
    return Role.SUBJECT, canonical(subject)


def _instance(row: Row, role: Role, text: str) -> Instance:
    source = row["source"].split(":")[0].split("+")[0]
    weight = ATTACK_WEIGHT if row["label"] else 1.0
    return Instance(text, role, bool(row["label"]), weight, row["family"], source)
