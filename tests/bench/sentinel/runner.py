"""Runs one adapter over texts, in the process and the environment of its peer; only the standard library is needed.

    python -I runner.py ADAPTER.py ROWS.json ANSWERS.json

ROWS holds a list of texts for each message, without labels. ANSWERS gets a score and a decision for each (the highest
score; blocked when one text is), the CPU nanoseconds of the whole loop and the median of a message, and how many
messages the peer raised on: those count as score 0, not blocked. No peer gets to the network. An adapter that can't be
loaded is told in words; after that, words could hold mail text, and only the names of errors are told.
"""

import importlib.util
import json
import math
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

Score = Callable[[str], tuple[float, bool]]
WARM_UP = ("Minutes of the building meeting", "Ada Example", "Your receipt for 1 December", "") * 5
FORBIDDEN = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.sendmsg", "socket.gethostbyname")


def stay_offline() -> None:
    """From here on, whoever wants to reach another host gets an error."""

    def refuse(event: str, _: Any) -> None:
        if event in FORBIDDEN:
            raise PermissionError("peers are measured offline")

    sys.addaudithook(refuse)


def loaded(adapter: Path) -> Score:
    """The adapter's function, warmed up on texts that are in no corpus."""
    spec = importlib.util.spec_from_file_location("adapter", adapter)
    if spec is None or spec.loader is None:
        raise ImportError("no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for text in WARM_UP:
        module.score(text)
    found: Score = module.score
    return found


def judged(score: Score, texts: Sequence[str]) -> tuple[float, bool]:
    """A message's score and decision, of its texts."""
    answers = [score(text) for text in texts]
    worst = max((float(risk) for risk, _ in answers), default=0.0)
    if not math.isfinite(worst):
        raise ValueError("a score must be a finite number")
    return worst, any(bool(blocked) for _, blocked in answers)


def run(score: Score, messages: Sequence[Sequence[str]]) -> dict[str, Any]:
    """The answers and what they cost."""
    answers: list[tuple[float, bool]] = []
    times, errors, clock = [time.process_time_ns()], [], time.process_time_ns
    for texts in messages:
        try:
            answers.append(judged(score, texts))
        except Exception as error:  # noqa: BLE001  # a peer may raise anything
            errors.append(type(error).__name__)
            answers.append((0.0, False))
        times.append(clock())
    each = [after - before for before, after in pairwise(times)]
    return {"answers": answers, "cpu_ns": times[-1] - times[0], "median_ns": statistics.median(each), "errors": errors}


def main() -> None:
    """The command line."""
    adapter, rows, answers = map(Path, sys.argv[1:])
    stay_offline()
    messages = json.loads(rows.read_text(encoding="utf-8"))
    try:
        score = loaded(adapter)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is the reason
        result: dict[str, Any] = {"failed": f"{type(error).__name__}: {error}"}
    else:
        result = run(score, messages)
    answers.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
