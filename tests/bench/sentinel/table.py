"""The figures as one table, for a terminal and for a page. Who has no figures stands below it, with the reason."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from measure import Cost
from metrics import Quality

HEAD = ("detector", "licence", "rows", "recall", "FPR", "AUROC", "R@0.1%", "R@1%", "hard kept", "µs", "p50 µs")
NOTES = (
    "recall, FPR: at the detector's own decision, which is to block; a peer's flag or suspicion is none",
    "R@: recall at that rate of false positives, by a threshold set on all benign rows",
    "hard kept: benign rows that sound hostile and were not blocked",
    "µs: CPU per message, the whole loop without start-up; p50: median, where messages can be told apart",
    "peers read subject and sender name separately, and the worse one counts; sentinel reads its whole input",
    "a detector that was made with rows like these, sentinel included, looks better here than on others",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A detector's line and its curve of (false positive rate, recall)."""

    name: str
    version: str
    licence: str
    rows: int
    of: int
    quality: Quality
    cost: Cost
    curve: Sequence[tuple[float, float]]
    remark: str = ""
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """A detector without figures, and why."""

    name: str
    reason: str


def ranked(entries: Iterable[Entry]) -> list[Entry]:
    """Ours first, as they came; then the peers, the best ranking first."""
    return sorted(entries, key=lambda entry: (not entry.ours, 0.0 if entry.ours else -entry.quality.auroc))


def text(entries: Sequence[Entry], missing: Sequence[Missing]) -> str:
    """For a terminal."""
    lines = [HEAD, *(_cells(entry) for entry in entries)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = ["  ".join(_padded(cells, widths)).rstrip() for cells in lines]
    return (
        "\n".join([*shown, "", *NOTES, *remarks(entries), *(f"not measured: {one}" for one in _told(missing))]) + "\n"
    )


def markdown(entries: Sequence[Entry], missing: Sequence[Missing]) -> str:
    """For a page."""
    rule = ["---", "---", *["---:"] * (len(HEAD) - 2)]
    table = [f"| {' | '.join(cells)} |" for cells in [HEAD, rule, *(_cells(entry) for entry in entries)]]
    below = [*NOTES, *remarks(entries), *(f"not measured: {one}" for one in _told(missing))]
    return "\n".join([*table, "", *(f"- {line}" for line in below)]) + "\n"


def remarks(entries: Iterable[Entry]) -> Iterator[str]:
    """What a reader must know about single lines."""
    for entry in entries:
        if entry.rows < entry.of:
            yield f"{entry.name}: slow, so {entry.rows} of {entry.of} rows, drawn with a fixed seed"
        if entry.remark:
            yield f"{entry.name}: {entry.remark}"


def _cells(entry: Entry) -> tuple[str, ...]:
    figures = entry.quality
    return (
        f"{entry.name} {entry.version}".strip(),
        entry.licence,
        f"{entry.rows}",
        _figure(figures.recall, 3),
        _figure(figures.false_positives, 4),
        *(_figure(one, 3) for one in (figures.auroc, figures.recall_at_01, figures.recall_at_1, figures.kept)),
        _figure(entry.cost.mean, 1),
        _figure(entry.cost.median, 1),
    )


def _figure(value: float | None, digits: int) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _padded(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    left = 2  # names and licences; the rest are figures
    for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        yield cell.ljust(width) if number < left else cell.rjust(width)


def _told(missing: Iterable[Missing]) -> Iterator[str]:
    """Reasons can be an installer's or an exception's words: short, and without paths and addresses."""
    for one in missing:
        reason = re.sub(r"\S*/\S*", "…", one.reason)
        yield f"{one.name}: {reason[:200]}"
