"""`sentinel train`: from the data and the phrase books to the files that judge."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np

from sentinel.learned.feature import FeatureReader
from sentinel.learned.model import Calibration, Floats, Model, packed
from sentinel.learned.role import Role
from sentinel.lexicon.book import read_lexicon
from sentinel.lexicon.reader import LexiconReader
from sentinel.training.calibration import calibrated
from sentinel.training.generator import generated
from sentinel.training.instance import Instance
from sentinel.training.labelled import Row, instances, read_rows, scored
from sentinel.training.matrix import Matrix, matrix
from sentinel.training.phrases import read_phrases
from sentinel.training.quantised import quantised
from sentinel.training.techniques import technique_weights
from sentinel.training.trainer import Rows, Trainer

_UNSET = tuple(Calibration(0.0, 1.0) for _ in Role)
Told = Callable[[str], None]


def run(data: Path, into: Path | None, told: Told) -> None:
    """Writes weights.bin and techniques.json; into: where to, else into the package itself."""
    reader = FeatureReader(LexiconReader(read_lexicon()))
    texts = learned_from(read_rows(data / "train.jsonl"), reader)
    told(f"{len(texts)} texts, {sum(text.attack for text in texts)} of them attacks")
    numbers = matrix(texts, reader)
    told(f"{len(numbers.slots)} features")
    model = trained(numbers, np.arange(len(texts)), told)
    honest = worst_scores(model, reader, [row for row in read_rows(data / "dev.jsonl") if not row["label"]])
    folder = into or Path(str(files("sentinel") / "learned"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.bin").write_bytes(packed(replace(model, calibrations=calibrated(honest))))
    (folder / "techniques.json").write_text(_lines(technique_weights(texts, reader)), "utf-8")
    told(f"written to {folder}")


def _lines(weights: Mapping[str, Sequence[int]]) -> str:
    """JSON with a sign a line, for diffs that people can read."""
    return "{\n" + ",\n".join(f"{json.dumps(sign)}: {row}" for sign, row in weights.items()) + "\n}\n"


def learned_from(rows: Sequence[Row], reader: FeatureReader) -> list[Instance]:
    """Everything that is learned from: the rows, then the phrase books. What occurs twice counts once."""
    labelled = [instance for row in rows for instance in instances(row, reader)]
    made = [instance for book in read_phrases() for instance in generated(book)]
    return list({(one.text, one.role, one.attack): one for one in (*labelled, *made)}.values())


def trained(data: Matrix, rows: Rows, told: Told) -> Model:
    """A model of some rows, not calibrated yet."""
    return quantised(Trainer().learn(data, rows, told), _UNSET)


def worst_scores(model: Model, reader: FeatureReader, rows: Sequence[Row]) -> dict[Role, Floats]:
    """By role, the highest score of each row; the lowest there is for a row without a text of that role."""
    found = [(number, piece.role, piece.text) for number, row in enumerate(rows) for piece in scored(row, reader)]
    roles = np.array([role for _, role, _ in found])
    scores = model.scores(reader.read([text for _, _, text in found]), roles)
    worst = {role: np.full(len(rows), -np.inf) for role in Role}
    for (number, role, _), score in zip(found, scores.tolist(), strict=True):
        worst[role][number] = max(worst[role][number], score)
    return worst
