"""Starts each detector in a process of its own on one core and one thread, and reads what it said and what it cost.

A peer's CPU time is its process's own, over the loop alone. Sentinel is taken as the program that users have: CPU time
of a run over all rows less that of a run over the first one, so that starting up and loading a model is not in it.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus import Row

RUNNER = Path(__file__).resolve().with_name("runner.py")
ROUNDS = 3  # of sentinel's two runs; odd
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS")
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


class DetectorFailed(Exception):
    """Why there are no figures; holds no mail text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a detector said of a message: a score, higher is worse, and whether it would stop it."""

    score: float
    blocked: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU microseconds a message: the mean of the whole loop, and the median where messages can be told apart."""

    mean: float
    median: float | None


def pin() -> int:
    """Keeps this process, and all that it starts, on one core; its number."""
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def ask(python: Path, adapter: Path, rows: Sequence[Row], seconds: float) -> tuple[list[Answer], Cost, str]:
    """A peer's answers, cost, and a remark if it raised on some rows."""
    with tempfile.TemporaryDirectory(prefix="mail-organiser-bench-") as folder:
        given, taken = Path(folder) / "rows.json", Path(folder) / "answers.json"
        given.write_text(json.dumps([row.texts for row in rows]), encoding="utf-8")
        command = [str(python), "-I", str(RUNNER), str(adapter.resolve()), str(given), str(taken)]
        _run(command, Path(folder), seconds)
        result = json.loads(taken.read_text(encoding="utf-8"))
    return _read(result, len(rows))


def _read(result: dict[str, Any], rows: int) -> tuple[list[Answer], Cost, str]:
    if "failed" in result:
        raise DetectorFailed(f"did not load: {result['failed']}")
    if len(errors := result["errors"]) == rows:
        raise DetectorFailed(f"raised on every row: {', '.join(sorted(set(errors)))}")
    remark = f"raised on {len(errors)} rows, counted as not blocked" if errors else ""
    answers = [Answer(score, blocked) for score, blocked in result["answers"]]
    return answers, Cost(result["cpu_ns"] / 1e3 / rows, result["median_ns"] / 1e3), remark


def inspect(
    program: Path, rows: Sequence[Row], seconds: float, rounds: int = ROUNDS
) -> tuple[list[dict[str, Any]], Cost]:
    """The verdicts of `sentinel inspect`, and their cost, the median of so many rounds."""
    differences = []
    for _ in range(rounds):
        _, start = _inspected(program, rows[:1], seconds)
        verdicts, whole = _inspected(program, rows, seconds)
        differences.append(whole - start)
    return verdicts, Cost(1e6 * statistics.median(differences) / max(len(rows) - 1, 1), None)


def _inspected(program: Path, rows: Sequence[Row], seconds: float) -> tuple[list[dict[str, Any]], float]:
    lines = "".join(json.dumps(_message(row)) + "\n" for row in rows)
    with tempfile.TemporaryDirectory(prefix="mail-organiser-bench-") as folder:
        before = _children()
        said = _run([str(program), "inspect"], Path(folder), seconds, lines)
        spent = _children() - before
    verdicts = [json.loads(line) for line in said.splitlines()]
    if [verdict["id"] for verdict in verdicts] != [row.id for row in rows]:
        raise DetectorFailed("sentinel inspect answered for other messages than it was given")
    return verdicts, spent


def _message(row: Row) -> dict[str, str]:
    names = ("id", "subject", "sender_name", "sender_address")
    return {name: getattr(row, name) for name in names}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(command: Sequence[str], home: Path, seconds: float, lines: str = "") -> str:
    """What a program wrote; it sees nothing of this shell's environment and is told to use one thread."""
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(home), **dict.fromkeys(THREADS, "1"), **OFFLINE}
    try:
        done = subprocess.run(  # our own program, or the runner with a peer inside
            command, input=lines, capture_output=True, text=True, encoding="utf-8", errors="replace",
            timeout=seconds, env=environment, cwd=home, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise DetectorFailed(f"took longer than {seconds:.0f} s") from None
    if done.returncode:
        raise DetectorFailed(f"ended with code {done.returncode}")
    return done.stdout


def verdict_answers(verdicts: Sequence[dict[str, Any]], stopped: frozenset[str]) -> list[Answer]:
    """Sentinel's verdicts as answers, when these outcomes count as blocked."""
    return [Answer(float(verdict["risk"]), verdict["outcome"] in stopped) for verdict in verdicts]


def beside(name: str) -> Path:
    """A program of this project's own environment."""
    return Path(sys.executable).with_name(name)
