"""The labelled file: reads it, and draws the rows for a slow peer. Its words go into no error."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SEED = 20260101  # of the draw: the same rows for every peer, every time
HARD = frozenset({"hard_mined", "hard_written", "notinject", "headline", "benign_obf"})  # benign, sounds hostile


class BenchFailed(Exception):
    """What happened, why, what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """A message and the truth about it."""

    id: str
    subject: str
    sender_name: str
    sender_address: str
    attack: bool
    hard: bool

    @property
    def texts(self) -> tuple[str, ...]:
        """What a peer reads, one at a time: subject and sender name, unless they are blank."""
        return tuple(text for text in (self.subject, self.sender_name) if text.strip())


def load(path: Path) -> list[Row]:
    """The rows of a file, or of injection/dev.jsonl in a folder."""
    found = path / "injection" / "dev.jsonl" if path.is_dir() else path
    if not found.is_file():
        raise BenchFailed(
            f"{found} can't be found. The labelled rows are not part of this repository. "
            "Give a file of them: make bench-sentinel DATA=path"
        )
    lines = enumerate(found.read_text(encoding="utf-8").split("\n"), start=1)
    rows = [_row(line, number) for number, line in lines if line.strip()]
    if len({row.attack for row in rows}) < 2:  # both kinds
        raise BenchFailed(f"{found} needs attacks (label 1) and benign rows (label 0). Give a file that has both.")
    return rows


def _row(line: str, number: int) -> Row:
    try:
        fields = json.loads(line)
        return _parsed(fields)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BenchFailed(
            f"line {number} is no labelled row. Each needs id, sender_name, sender_address, subject, label, family."
        ) from None


def _parsed(fields: dict[str, Any]) -> Row:
    attack = bool(fields["label"])
    return Row(
        id=str(fields["id"]),
        subject=str(fields["subject"] or ""),
        sender_name=str(fields["sender_name"] or ""),
        sender_address=str(fields["sender_address"] or ""),
        attack=attack,
        hard=not attack and fields["family"].partition(":")[0] in HARD,
    )


def sample(rows: Sequence[Row], most: int) -> list[Row]:
    """At most so many rows, drawn with SEED, in the order of the file."""
    if len(rows) <= most:
        return list(rows)
    drawn = random.Random(SEED).sample(range(len(rows)), most)  # noqa: S311  # a draw to repeat, not to hide
    return [rows[number] for number in sorted(drawn)]
