"""Events of one chain as files in a folder that another system collects: each once, whoever is killed when.

    FOLDER/<log>-<number of the first event, 20 digits>.jsonl    SEGMENT lines; the newest of a log is still written

Guarantees: what was written is on the disk before more is read; how far it is, is read from the newest file itself, so
there is no position that could differ from it; a line that was cut by a crash is taken back. The collector may delete
every file but the newest of each log.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gateway.audit.event import Log

SEGMENT: Final = 10_000  # events; about 4 MB
MODE: Final = 0o640  # for the collector's group
Line = Mapping[str, object]


class Shipment:
    """What was shipped of a log, and the end at which it goes on. One at a time: the caller holds the folder."""

    def __init__(self, folder: Path, log: Log) -> None:
        """Takes a half-written line back."""
        self._folder = folder
        self._log = log
        files = sorted(folder.glob(f"{log}-{'[0-9]' * 20}.jsonl"))
        self._file = files[-1] if files else None
        self._count, self.last = (0, 0) if self._file is None else _mended(self._file)

    def append(self, lines: Sequence[Line]) -> None:
        """The next events, in order, on the disk when this returns."""
        while lines:
            room = self._room(first=int(str(lines[0]["seq"])))
            self._write(lines[:room])
            lines = lines[room:]

    def _room(self, first: int) -> int:
        if self._file is None or self._count >= SEGMENT:
            self._file, self._count = self._folder / f"{self._log}-{first:020}.jsonl", 0
        return SEGMENT - self._count

    def _write(self, lines: Sequence[Line]) -> None:
        assert self._file is not None  # noqa: S101  # _room has just named it
        text = "".join(json.dumps(line) + "\n" for line in lines)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, MODE)
        with os.fdopen(descriptor, "ab") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        self._count += len(lines)
        self.last = int(str(lines[-1]["seq"]))


def _mended(file: Path) -> tuple[int, int]:
    """How many whole lines a file has, and the number of its last event; 0 without one, as when it was just made."""
    content = file.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        os.truncate(file, len(whole))
    lines = whole.splitlines()
    return len(lines), int(json.loads(lines[-1])["seq"]) if lines else int(file.stem.rpartition("-")[2]) - 1
