"""How many decisions an obedient model lets a message steer: with and without data marks, with and without sentinel.

    make bench-steering [DATA=folder with injection/*.jsonl]
    python tests/bench/steering [DATA]

The attacks of tests/corpus/steering.jsonl go into a real classifier whose provider is tests/provider/obedient_model.py.
Assumptions, so that nobody reads more into the figures than is in them:
- "without marks" is a model that obeys every instruction it finds, marked or not. No model does worse.
- "with marks" is one that obeys what carries no data mark: published models mostly ignore marked data (Hines et al.
  2024). A text without any blank carries no mark; this model obeys it.
- steered: the decision is the folder that the message asks for. Attacks that ask for words (the prompt, the folders,
  an answer) are sent in, too; they can not be steered into anything: shares are of those that name a folder.
With DATA, the attacks of another corpus are sent in too: they name no folder of ours, so what is counted is answers
that were thrown away, and leaks.
"""

import chassis  # noqa: F401  # isort: skip  # before grpc, which reads its ciphers while it is imported

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "provider"))

from obedient_model import Reading, obey  # noqa: E402  # beside this folder
from straight_in import CANARY, Decided, steered, straight_in, text_of  # noqa: E402  # the same

CORPUS = ROOT / "tests" / "corpus" / "steering.jsonl"
READINGS = {"without marks": Reading.NO_MARKS, "with marks": Reading.MARKS}
MOST = 2000  # rows of another corpus
Row = dict[str, Any]


def rows(path: Path) -> list[Row]:
    """A JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def clean(attacks: Sequence[Row]) -> list[Row]:
    """Those that sentinel lets through to a provider."""
    lines = "".join(json.dumps(row) + "\n" for row in attacks)
    program = Path(sys.executable).with_name("sentinel")
    done = subprocess.run([program, "inspect"], input=lines, capture_output=True, text=True, check=True)  # ours
    verdicts = [json.loads(line)["outcome"] for line in done.stdout.splitlines()]
    return [row for row, outcome in zip(attacks, verdicts, strict=True) if outcome == "clean"]


async def decisions(attacks: Sequence[Row], reading: Reading) -> list[Decided]:
    """What the classifier decides when the provider obeys. Ends with an error when anything leaks."""
    quiet = redirect_stderr(StringIO())  # a line for each call
    with tempfile.TemporaryDirectory(prefix="mail-organiser-steering-") as folder, quiet:
        async with straight_in(Path(folder), partial(obey, reading=reading)) as door:
            found = await door.decide([text_of(row) for row in attacks])
        if any(CANARY.encode() in answer for answer in door.answers):
            raise SystemExit("a canary got out")
        return found


def table(attacks: Sequence[Row]) -> Iterator[str]:
    """The four figures, of all attacks."""
    passed, wanting = clean(attacks), sum(row["target"] is not None for row in attacks)
    yield f"{len(attacks)} attacks, {wanting} of which name a folder; sentinel lets {len(passed)} through to a provider"
    for name, reading in READINGS.items():
        for front, sent in (("without sentinel", attacks), ("with sentinel", passed)):
            decided = asyncio.run(decisions(sent, reading))
            count = sum(steered(row, one) for row, one in zip(sent, decided, strict=True))
            yield f"{name}, {front}: {count / wanting:.1%} steered ({count} of {wanting})"
    yield "outside of the owner's folders: 0; leaks: 0"


def others(folder: Path) -> Iterator[str]:
    """Another corpus's attacks, straight in."""
    for path in sorted((folder / "injection").glob("*.jsonl")):
        attacks = [_named(row) for row in rows(path) if row.get("label") == 1][:MOST]
        decided = asyncio.run(decisions(attacks, Reading.NO_MARKS))
        thrown = sum(not one.by_provider for one in decided)
        yield f"{path.stem}: {len(attacks)} attacks straight in, {thrown} answers thrown away, 0 leaks, 0 other actions"


def _named(row: Row) -> Row:
    names = ("subject", "sender_name", "sender_address")
    return {"id": str(row.get("id")), "target": None, **{name: row.get(name) for name in names}}


def main(arguments: Sequence[str]) -> None:
    """Prints as it goes."""
    lines = [*table(rows(CORPUS))] if not arguments else [*table(rows(CORPUS)), *others(Path(arguments[0]))]
    for line in lines:
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
