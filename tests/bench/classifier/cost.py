"""What the learned engine costs: CPU microseconds a message, in batches of 256, opening and sealing included.

    make bench-classify [DATA=path]

With DATA the filed streams of DATA/foldering are replayed as a gateway would send them: a batch is classified with the
profile so far, then learned. Without it, mail is made up. The batches go through classify() and learn(), each with a
key and a profile that it never saw. Machines differ and are shared, so a fixed piece of work of the same kind (hashing,
small matrices) is timed between the batches: the last column is how many of those a message costs.
"""

import argparse
import json
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
from siphash24 import siphash24

from classifier.batch import Filing, Patience, classify, learn
from classifier.feature_key import FeatureKey
from classifier.gate import Cleared, ClearedFolder
from classifier.replay import ROWS, Replay, Row, parse

SECONDS = 600.0
ROUNDS = 5  # of each batch; the quickest counts: what is left is the work, not the neighbours
_MATRIX: Final = np.ones((16_384, 64), np.float32)  # 4 MB: out of the nearest caches, as a profile's table is
_ROWS: Final = np.random.default_rng(1).integers(0, len(_MATRIX), (64, 40))


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians over a stream's batches. classify, learn, reference: CPU us a message; profile: bytes at the end."""

    classify: float
    learn: float
    reference: float
    profile: int


def reference() -> None:
    """The fixed work, ROWS times: ten hashes, and forty rows of a table gathered, their logarithms summed up."""
    for number in range(ROWS):
        for each in range(10):
            siphash24(b"reference %d" % each, key=bytes(16)).intdigest()
        np.log1p(_MATRIX.take(_ROWS[number % len(_ROWS)], axis=0)).sum(axis=0)


def cost(rows: Sequence[Row]) -> Cost:
    """One person's stream, batch after batch."""
    secret, profile, folders = secrets.token_bytes(32), b"", dict[str, ClearedFolder]()
    spent: dict[str, list[float]] = {"classify": [], "learn": [], "reference": []}
    for messages, filings, new in _cleared(rows):
        folders |= new
        offered = list(folders.values())
        spent["reference"].append(_cpu(reference, ROWS))
        spent["classify"].append(_cpu(_classifying(profile, secret, messages, offered), len(messages)))
        spent["learn"].append(_cpu(_learning(profile, secret, filings), len(filings)))
        profile, _ = learn(profile, FeatureKey(secret), filings, Patience(SECONDS))
    middle = {name: statistics.median(each) for name, each in spent.items()}
    return Cost(**middle, profile=len(profile))


def _classifying(
    profile: bytes, secret: bytes, messages: Sequence[Cleared], folders: Sequence[ClearedFolder]
) -> Callable[[], object]:
    return lambda: classify(profile, FeatureKey(secret), messages, folders, Patience(SECONDS))


def _learning(profile: bytes, secret: bytes, filings: Sequence[Filing]) -> Callable[[], object]:
    return lambda: learn(profile, FeatureKey(secret), filings, Patience(SECONDS))


def _cleared(rows: Sequence[Row]) -> Iterator[tuple[list[Cleared], list[Filing], dict[str, ClearedFolder]]]:
    """Batches through the gate, as replay sends them: to classify, to learn, and the folders that they name."""
    replay = Replay(FeatureKey(secrets.token_bytes(32)))
    for at in range(0, len(rows), ROWS):
        several = rows[at : at + ROWS]
        batch = replay.cleared_rows(several)
        texts = [row.message for row in several]
        filings = [
            Filing(message, str(row.folder)) for row, message in zip(several, batch.to_learn(texts), strict=True)
        ]
        yield batch.to_classify(texts), filings, replay.cleared_folders({str(row.folder) for row in several})


def _cpu(work: Callable[[], object], messages: int) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return min(took) / messages * 1e6


def made(rows: int = 2560) -> list[Row]:
    """A made-up person's mail: twenty folders, two hundred senders, words that mostly tell the folder."""
    chance = Random(1)  # noqa: S311  # repeatable on purpose
    return [parse(json.dumps(_made(chance, number))) for number in range(rows)]


def _made(chance: Random, number: int) -> dict[str, Any]:
    at = min(int(chance.expovariate(0.2)), 19)
    sender = f"s{at * 10 + chance.randrange(10)}" if chance.random() < 0.9 else f"any{chance.randrange(20)}"
    words = [f"w{at}x{chance.randrange(30)}" for _ in range(4)] + [f"common{chance.randrange(200)}" for _ in range(4)]
    people = [f"p{chance.randrange(100)}@b.test" for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 5, 10)))]
    row = {"id": str(number), "from_address": f"{sender}@d{at}.test", "from_name": f"{sender} of {at}"}
    return {**row, "to": ["me@b.test", *people], "subject": " ".join(words), "folder": f"Folder {at}"}


def streams(data: Path | None) -> Iterator[tuple[str, list[Row]]]:
    """Name and filed rows of each person."""
    if data is None:
        yield "made up", made()
        return
    for path in sorted((data / "foldering").glob("*.jsonl")):
        rows = [parse(line) for line in path.read_text(encoding="utf-8").splitlines()]
        yield path.stem, [row for row in rows if row.folder is not None]


def table(people: Iterator[tuple[str, list[Row]]]) -> Iterator[str]:
    """A line a person, then the medians over people."""
    yield _line("CPU us a message", ("classify", "learn", "reference", "classify", "learn"), "profile")
    found = []
    for name, rows in people:
        found.append(cost(rows))
        yield _figures(name, found[-1])
    yield _figures("median", _median(found))


def _median(costs: Sequence[Cost]) -> Cost:
    times = zip(*((each.classify, each.learn, each.reference) for each in costs), strict=True)
    classifying, learning, referring = (statistics.median(each) for each in times)
    return Cost(classifying, learning, referring, max(each.profile for each in costs))


def _figures(name: str, one: Cost) -> str:
    times = [f"{each:.0f}" for each in (one.classify, one.learn, one.reference)]
    ratios = [f"{each / one.reference:.2f} x" for each in (one.classify, one.learn)]
    return _line(name, [*times, *ratios], f"{one.profile / 1000:.0f} kB")


def _line(name: str, cells: Sequence[str], last: str) -> str:
    return f"{name:<20}" + "".join(f"{cell:>11}" for cell in cells) + f"{last:>11}"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="the folder with foldering/; absent: mail is made up")
    chosen = parser.parse_args()
    if chosen.data and not list((chosen.data / "foldering").glob("*.jsonl")):
        folder = chosen.data / "foldering"
        sys.stderr.write(
            f"cost: {folder} holds no .jsonl stream. Give a folder that does: make bench-classify DATA=path\n"
        )
        return 1
    for line in table(streams(chosen.data)):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
