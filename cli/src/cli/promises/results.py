"""What came of each test when it last ran, and at which state of the sources: the file that test runs write.

Guarantees: a run that left a test out takes nothing from what is known of it at the same state.
"""

import json
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

FILE: Final = ".proofs.json"


class Outcome(StrEnum):
    """The worst last. NOT_RUN: collected or left out, and no result."""

    PASSED = "passed"
    SKIPPED = "skipped"
    NOT_RUN = "not run"
    FAILED = "failed"


class Tree(NamedTuple):
    """A state of the sources. dirty: something differs from the commit."""

    commit: str
    dirty: bool


class Result(NamedTuple):
    """Of one test, one set of its parameters."""

    outcome: Outcome
    tree: Tree


Results = Mapping[str, Result]  # by pytest's node id


def merged(before: Results, now: Results) -> dict[str, Result]:
    """Both, the newer where both have something to say."""
    return {**before, **{test: result for test, result in now.items() if _counts(before.get(test), result)}}


def _counts(before: Result | None, now: Result) -> bool:
    return before is None or now.outcome is not Outcome.NOT_RUN or before.tree != now.tree


def load(file: Path) -> dict[str, Result]:
    """What is written there; nothing where there is no file, or none that can be read."""
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        return {test: Result(Outcome(row[0]), Tree(str(row[1]), row[2] is not False)) for test, row in rows.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def save(file: Path, results: Results) -> None:
    """Whole or not at all."""
    rows = {test: [result.outcome.value, *result.tree] for test, result in sorted(results.items())}
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    beside.write_text(json.dumps(rows, indent=0) + "\n", encoding="utf-8")
    beside.replace(file)
