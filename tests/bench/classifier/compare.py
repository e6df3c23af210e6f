"""Compares the classifier with five engines on filed mail that is not part of this repository.

    make bench-classifier DATA=path [WRITE=1]

DATA holds foldering/*.jsonl. Prequential: every row is chosen for, then learned where its owner filed it. Baselines run
here; ours runs as everybody's does, through `classifier replay`. With WRITE=1 the reliability diagram is drawn into
docs/reference/reliability.svg; it holds numbers only. Users are numbered there: names are of people.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from cli.accuracy import Answer, at_thresholds, calibration_error, reliability, share_right
from cli.diagram import diagram

SECONDS = 1800.0
# Not run here: the engine of version 1 is a thousand lines with its table and profile. Its commit is 56bf7cc; these are
# its figures on the four people of the foldering streams, measured with `classifier replay`.
BEFORE = {"beck-s": 0.7212, "farmer-d": 0.8374, "kitchen-l": 0.7265, "lokay-m": 0.8574}

Row = dict[str, Any]


class ComparisonFailed(Exception):
    """What happened, why, what to do."""


def _baselines() -> ModuleType:
    """The module beside this one; PYTHONSAFEPATH keeps this folder off the path."""
    spec = importlib.util.spec_from_file_location("baselines", Path(__file__).with_name("baselines.py"))
    if spec is None or spec.loader is None:
        raise ComparisonFailed("baselines.py is not beside compare.py. Restore it.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def replayed(engine: Any, rows: Sequence[Row]) -> list[Answer]:
    """A baseline's answers; it has no confidence."""
    answers = []
    for row in rows:
        answers.append(Answer(row["folder"], engine.choose(row), 0.0))
        engine.learn(row, row["folder"])
    return answers


def ours(rows: Sequence[Row]) -> list[Answer]:
    """The answers of `classifier replay`."""
    program = Path(sys.executable).with_name("classifier")
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    done = subprocess.run(
        [program, "replay"], input=lines, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    if done.returncode:
        raise ComparisonFailed(f"classifier replay ended with code {done.returncode}: {done.stderr[-1000:]}")
    choices = [json.loads(line) for line in done.stdout.splitlines()]
    return [Answer(row["folder"], each["folder"], each["confidence"]) for row, each in zip(rows, choices, strict=True)]


def streams(data: Path) -> dict[str, list[Row]]:
    """Filed rows by user, in their order."""
    paths = sorted((data / "foldering").glob("*.jsonl"))
    if not paths:
        raise ComparisonFailed(
            f"{data / 'foldering'} holds no .jsonl stream. The corpora are not part of this repository. "
            "Give the folder that holds foldering/: make bench-classifier DATA=path"
        )
    read = {path.stem: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] for path in paths}
    return {user: [row for row in rows if row.get("folder") is not None] for user, rows in read.items()}


def compared(users: Mapping[str, Sequence[Row]]) -> Iterator[tuple[str, dict[str, list[Answer]]]]:
    """Each engine and its answers by user."""
    found = _baselines()
    engines: dict[str, Callable[[], Any]] = {
        "majority": found.Majority,
        "sender, last": found.SenderLast,
        "multinomial naive Bayes": found.NaiveBayes,
        "tf-idf, nearest": found.Nearest,
        "C2": found.Combined,
    }
    for name, engine in engines.items():
        yield name, {user: replayed(engine(), rows) for user, rows in users.items()}
    yield "ours", {user: ours(rows) for user, rows in users.items()}


def table(users: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """The lines as they become known; the answers of ours are drawn when asked."""
    yield _row("accuracy", [*users, "mean", "seconds"])
    answers: dict[str, list[Answer]] = {}
    began = time.monotonic()
    for name, answers in compared(users):
        yield _accuracies(name, [share_right(each) for each in answers.values()], time.monotonic() - began)
        began = time.monotonic()
    if users.keys() <= BEFORE.keys():
        yield _accuracies("engine 1 (quoted)", [BEFORE[user] for user in users], None)
    yield from _confidence(answers)


def _confidence(answers: Mapping[str, Sequence[Answer]]) -> Iterator[str]:
    yield ""
    yield _row("ours: calibration error", _with_mean([calibration_error(each) for each in answers.values()]))
    rows = {user: at_thresholds(each) for user, each in answers.items()}
    for place, first in enumerate(next(iter(rows.values()))):
        covered = _with_mean([each[place].covered for each in rows.values()])
        right = _with_mean([each[place].right for each in rows.values()])
        both = [f"{one} {two}" for one, two in zip(covered, right, strict=True)]
        yield _row(f"sure at least {first.least:.0%}: of all, right", both)
    yield ""
    yield _row("all users: said, right", ["messages"])
    for one in reliability([answer for each in answers.values() for answer in each]):
        yield _row(f"{one.confidence:.1%}  {one.right:.1%}", [f"{one.count:,}"])


def _accuracies(name: str, shares: Sequence[float], seconds: float | None) -> str:
    return _row(name, [*_with_mean(shares), "" if seconds is None else f"{seconds:.0f}"])


def _with_mean(shares: Sequence[float]) -> list[str]:
    return [f"{share:.1%}" for share in (*shares, sum(shares) / len(shares))]


def _row(name: str, cells: Sequence[str]) -> str:
    return f"{name:<36}" + "".join(f"{cell:>14}" for cell in cells)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder with foldering/")
    parser.add_argument("--write", type=Path, help="draw the reliability diagram into this file")
    chosen = parser.parse_args()
    try:
        users = streams(chosen.data)
        for line in table(users):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        if chosen.write:
            lines = {f"person {number}": reliability(ours(rows)) for number, rows in enumerate(users.values(), 1)}
            chosen.write.write_text(diagram(lines), encoding="utf-8")
    except ComparisonFailed as error:
        sys.stderr.write(f"compare: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
