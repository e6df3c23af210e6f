"""Compares sentinel with the detectors that can be had from PyPI, on labelled rows that are not in this repository.

    make bench-sentinel DATA=path/to/labelled.jsonl [ROWS=700] [WRITE=1]
    python tests/bench/sentinel DATA [--rows N] [--seconds N] [--rounds N] [--write FOLDER] [--adapter FILE ...]

Every peer is installed into an environment under .bench/ and runs in a process of its own; nothing of the rows is
kept. With --adapter, only these adapters are asked, by the Python that runs this, and nothing is installed: for a peer
that you are adding, and for the tests. See peers.py for who is asked, and metrics.py for what the figures are.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from corpus import BenchFailed, Row, load, sample
from measure import ROUNDS, Answer, Cost, DetectorFailed, ask, beside, inspect, pin, verdict_answers
from metrics import Judged, curve, quality
from peers import LEFT_OUT, PEERS, install, pinned, prepare
from plot import svg
from table import Entry, Missing, markdown, ranked, text

ROOT = Path(__file__).resolve().parents[3]
SCRATCH, UV = ROOT / ".bench", ROOT / ".tools" / "bin" / "uv"
SLOW_ROWS = 700  # of a slow peer: a minute or two of it
SECONDS = 900.0  # for one peer
OURS = {"sentinel, review or held": frozenset({"review", "held"}), "sentinel, held": frozenset({"held"})}
PAGE = "injection-detectors"

Result = Entry | Missing


def judged(rows: Sequence[Row], answers: Sequence[Answer]) -> list[Judged]:
    """Truth beside answer."""
    pairs = zip(rows, answers, strict=True)
    return [Judged(row.attack, row.hard, answer.score, answer.blocked) for row, answer in pairs]


def ours(rows: Sequence[Row], seconds: float, rounds: int) -> Iterator[Result]:
    """Sentinel, once for each reading of its outcomes."""
    try:
        verdicts, cost = inspect(beside("sentinel"), rows, seconds, rounds)
    except DetectorFailed as error:
        yield Missing("sentinel", str(error))
        return
    for name, stopped in OURS.items():
        pairs = judged(rows, verdict_answers(verdicts, stopped))
        yield Entry(name, "", "Apache-2.0", len(rows), len(rows), quality(pairs), cost, curve(pairs), ours=True)


def theirs(rows: Sequence[Row], most: int, seconds: float) -> Iterator[Result]:
    """Every peer, one after the other; installed first, since that may use both cores."""
    python = prepare(SCRATCH, UV, Path(sys.executable))
    reasons = {peer.name: install(peer, UV, python) for peer in PEERS}
    pin()
    for peer in PEERS:
        if (reason := reasons[peer.name]) is not None:
            yield Missing(peer.name, reason)
            continue
        drawn = sample(rows, most) if peer.slow else rows
        asked = _asking(python, peer.adapter, seconds)
        yield measured((peer.name, pinned(peer), peer.licence), drawn, len(rows), asked)
    yield from (Missing(name, reason) for name, reason in LEFT_OUT.items())


def adapters(files: Sequence[Path], rows: Sequence[Row], seconds: float) -> Iterator[Result]:
    """Adapters by themselves, in this environment."""
    for file in files:
        yield measured((file.stem, "", ""), rows, len(rows), _asking(Path(sys.executable), file, seconds))


Asked = Callable[[Sequence[Row]], tuple[list[Answer], Cost, str]]


def _asking(python: Path, adapter: Path, seconds: float) -> Asked:
    return lambda rows: ask(python, adapter, rows, seconds)


def measured(who: tuple[str, str, str], rows: Sequence[Row], of: int, asked: Asked) -> Result:
    """A peer's line, or why it has none."""
    try:
        answers, cost, remark = asked(rows)
    except DetectorFailed as error:
        return Missing(who[0], str(error))
    pairs = judged(rows, answers)
    return Entry(*who, len(rows), of, quality(pairs), cost, curve(pairs), remark)


def compare(chosen: argparse.Namespace) -> None:
    """Measures, prints, and writes where it was told to."""
    rows = load(chosen.data)
    if chosen.adapter:
        pin()
        peers = adapters(chosen.adapter, rows, chosen.seconds)
    else:
        peers = theirs(rows, chosen.rows, chosen.seconds)
    results = [*_announced(peers), *_announced(ours(rows, chosen.seconds, chosen.rounds))]
    entries = ranked(one for one in results if isinstance(one, Entry))
    missing = [one for one in results if isinstance(one, Missing)]
    sys.stdout.write(f"{_about(rows)}\n\n{text(entries, missing)}")
    if chosen.write is not None:
        write(chosen.write, _about(rows), entries, missing)


def _announced(results: Iterator[Result]) -> Iterator[Result]:
    for result in results:
        sys.stderr.write(f"{result.name}: {'measured' if isinstance(result, Entry) else result.reason}\n")
        yield result


def _about(rows: Sequence[Row]) -> str:
    attacks, hard = sum(row.attack for row in rows), sum(row.hard for row in rows)
    benign = len(rows) - attacks
    return f"{len(rows)} messages: {attacks} attacks, {benign} benign ({hard} sound hostile). One core, one thread."


def write(folder: Path, about: str, entries: Sequence[Entry], missing: Sequence[Missing]) -> None:
    """The page and its picture."""
    page = (
        "# Injection detectors compared\n\n"
        f"Written by `make bench-sentinel DATA=path WRITE=1` on {datetime.now(UTC):%Y-%m-%d}.\n"
        f"The labelled rows are not part of this repository. {about}\n\n"
        f"![Recall against false positives]({PAGE}.svg)\n\n{markdown(entries, missing)}"
    )
    (folder / f"{PAGE}.md").write_text(page, encoding="utf-8")
    title = "Prompt injection in subjects and sender names"
    (folder / f"{PAGE}.svg").write_text(svg(entries, title), encoding="utf-8")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="labelled JSON lines, or a folder with injection/dev.jsonl")
    parser.add_argument("--rows", type=int, default=SLOW_ROWS, help="at most so many rows for a slow peer")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for one detector")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of sentinel's runs, for its cost")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="also write a page and a picture there")
    parser.add_argument("--adapter", type=Path, action="append", metavar="FILE", help="ask this one; install nothing")
    try:
        compare(parser.parse_args())
    except BenchFailed as error:
        sys.stderr.write(f"bench-sentinel: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
