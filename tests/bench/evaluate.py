"""Scores sentinel and classifier, as their commands, on corpora that are not part of this repository.

    python tests/bench/evaluate.py DATA [--mailbox N]

DATA holds injection/dev.jsonl with injection/score.py, and foldering/*.jsonl. score.py is run where it is; rows go
through the commands that users have (`sentinel inspect`, `classifier replay`, `mail-organiser`) and are written nowhere
but into a folder that is gone afterwards. With --mailbox, up to N rows of the foldering streams also become mailboxes,
one for each owner: the first 70 % are filed, the rest is sorted at once, as a first scan does; offline by `scan`,
and the largest one end to end by `up --check`.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILED = 0.7  # of each stream: the rest is what a scan sorts
BINS = 15  # of the calibration error; as classifier.score, after Guo et al. 2017
SECONDS = 1800.0  # for one command; minutes are usual
HELD_CODE = 3  # of `scan`: it ran to its end, and something is held


class EvaluationFailed(Exception):
    """What happened, why, what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    what: str
    measure: str
    rows: int
    value: str


def evaluate(data: Path, mailbox: int) -> Iterator[Line]:
    """The table, line by line as it becomes known."""
    _expect(data)
    with tempfile.TemporaryDirectory(prefix="mail-organiser-eval-") as folder:
        yield from sentinel(data / "injection", Path(folder))
        yield from classifier(_streams(data))
        if mailbox:
            yield from whole(_streams(data), mailbox, Path(folder))


def _expect(data: Path) -> None:
    wanted = [data / "injection" / "dev.jsonl", data / "injection" / "score.py", data / "foldering"]
    if missing := [str(path) for path in wanted if not path.exists()]:
        raise EvaluationFailed(
            f"{', '.join(missing)} can't be found. The corpora are not part of this repository. "
            "Give the folder that holds injection/ and foldering/: make eval DATA=path"
        )
    if not _streams(data):
        raise EvaluationFailed(
            f"{data / 'foldering'} holds no .jsonl stream. Give a folder that does: make eval DATA=path"
        )


def _streams(data: Path) -> list[Path]:
    return sorted((data / "foldering").glob("*.jsonl"))


def sentinel(corpus: Path, folder: Path) -> Iterator[Line]:
    """AUROC, recall and false positives of `sentinel inspect`, by the corpus's own score.py."""
    truth, predictions, scores = corpus / "dev.jsonl", folder / "predictions.jsonl", folder / "scores.json"
    verdicts = _rows(_run([_program("sentinel"), "inspect"], truth.read_text(encoding="utf-8")))
    with predictions.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(_prediction(verdict)) + "\n" for verdict in verdicts)
    _run([sys.executable, str(corpus / "score.py"), str(predictions), str(truth), "--json", str(scores)])
    found = json.loads(scores.read_text(encoding="utf-8"))
    yield Line("sentinel, injection/dev", "AUROC", found["n"], f"{found['auroc']:.4f}")
    yield Line("", "recall at 0.1 % false positives", found["pos"], f"{found['recall@fpr0.1%']:.1%}")
    yield Line("", "recall at 1 % false positives", found["pos"], f"{found['recall@fpr1%']:.1%}")
    yield Line("", "held, of the attacks", found["pos"], f"{found['own_recall']:.1%}")
    yield Line("", "held, of ordinary mail", found["neg"], f"{found['own_fpr']:.2%}")
    if (kept := found["over_defence_accuracy"]) is not None:
        yield Line("", "not held, of mail that only sounds hostile", found["hard_negatives"], f"{kept:.1%}")


def _prediction(verdict: dict[str, Any]) -> dict[str, Any]:
    return {"id": verdict["id"], "score": verdict["risk"], "blocked": verdict["outcome"] == "held"}


def classifier(streams: Sequence[Path]) -> Iterator[Line]:
    """Prequential accuracy and calibration error of `classifier replay`, a run for each stream."""
    scores: list[tuple[float, float]] = []
    for stream in streams:
        rows = stream.read_text(encoding="utf-8")
        truth = [row["folder"] for row in _rows(rows)]
        choices = _rows(_run([_program("classifier"), "replay"], rows))
        answers = [
            (choice["confidence"], choice["folder"] == folder) for choice, folder in zip(choices, truth, strict=True)
        ]
        scores.append((accuracy(answers), calibration_error(answers)))
        yield Line(f"classifier, {stream.stem}", "accuracy; ECE", len(answers), _both(*scores[-1]))
    accuracies, errors = zip(*scores, strict=True)
    yield Line(
        f"classifier, mean of {len(scores)}", "accuracy; ECE", len(scores), _both(_mean(accuracies), _mean(errors))
    )


def accuracy(answers: Sequence[tuple[float, bool]]) -> float:
    """The share that was right, of (confidence, right)."""
    return sum(right for _, right in answers) / max(len(answers), 1)


def calibration_error(answers: Sequence[tuple[float, bool]]) -> float:
    """Expected calibration error, 0 to 1, over BINS bins of equal width."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for confidence, right in answers:
        bins[min(int(confidence * BINS), BINS - 1)].append((confidence, right))
    return sum(abs(sum(confidence - right for confidence, right in each)) for each in bins) / max(len(answers), 1)


def _both(share: float, error: float) -> str:
    return f"{share:.2%}; {error:.2%}"


def _mean(values: Iterable[float]) -> float:
    figures = list(values)
    return sum(figures) / len(figures)


def whole(streams: Sequence[Path], most: int, folder: Path) -> Iterator[Line]:
    """Each stream as one person's mailbox: its moves against what the owner did; then one of them end to end."""
    mailboxes = [_mailbox(stream, most // len(streams), folder) for stream in streams]
    for mailbox, truth in mailboxes:
        scanned = _run([_program("mail-organiser"), "scan", str(mailbox), "--format", "jsonl"], ok=(0, HELD_CODE))
        decided = zip(_rows(scanned), truth, strict=True)
        moves = [one["folder"] == filed for one, filed in decided if one["decision"] == "move"]
        value = f"{_share(len(moves), len(truth))}; {_share(sum(moves), len(moves))}"
        yield Line(f"scan, {mailbox.stem}", "moves; of these as the owner did", len(truth), value)
    yield from _end_to_end(*max(mailboxes, key=lambda one: len(one[1])))


def _end_to_end(mailbox: Path, truth: Sequence[str]) -> Iterator[Line]:
    began = time.monotonic()
    said = _run([_program("mail-organiser"), "up", "--check", "--port", "0", "--mailbox", str(mailbox)])
    counts = json.loads(said.splitlines()[-1])
    learned = len(_rows(mailbox.read_text(encoding="utf-8"))) - len(truth)
    speed = (learned + len(truth)) / (time.monotonic() - began)
    yield Line(
        f"up --check, {mailbox.stem}", "messages a second, from start to end", learned + len(truth), f"{speed:.0f}"
    )
    yield Line("", "move / keep / review / held", len(truth), " / ".join(str(counts[kind]) for kind in _KINDS))


_KINDS = ("move", "keep", "review", "held")


def _mailbox(stream: Path, most: int, folder: Path) -> tuple[Path, list[str]]:
    """A mailbox of up to most rows, of which the first ones are filed, and the folders of the others."""
    rows = list(_rows(stream.read_text(encoding="utf-8")))[:most]
    filed = round(FILED * len(rows))
    path = folder / f"{stream.stem}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number, row in enumerate(rows):
            file.write(json.dumps({**row, "folder": row["folder"] if number < filed else None}) + "\n")
    return path, [row["folder"] for row in rows[filed:]]


def _share(part: int, of: int) -> str:
    return f"{part / max(of, 1):.1%}"


def _rows(lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines() if line.strip()]


def _program(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise EvaluationFailed(f"{name} is not installed beside this Python. Run make setup.")
    return found


def _run(command: Sequence[str], rows: str = "", ok: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(  # our own programs, and the corpus's own score.py
        command, input=rows, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS, check=False
    )
    if done.returncode not in ok:
        raise EvaluationFailed(f"{Path(command[0]).name} ended with code {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder with injection/ and foldering/")
    parser.add_argument(
        "--mailbox", type=int, default=0, metavar="N", help="also sort mailboxes of up to N messages in all"
    )
    chosen = parser.parse_args()
    try:
        sys.stdout.write(f"{'what':<32}{'measure':<46}{'rows':>8}  value\n")
        for line in evaluate(chosen.data, chosen.mailbox):
            sys.stdout.write(f"{line.what:<32}{line.measure:<46}{line.rows:>8}  {line.value}\n")
            sys.stdout.flush()
    except EvaluationFailed as error:
        sys.stderr.write(f"evaluate: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
