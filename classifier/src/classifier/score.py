"""How good a replay was: accuracy and expected calibration error. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

BINS = 15  # equal widths, as Guo et al. 2017 have it


class Score(NamedTuple):
    """Shares, 0 to 1, over so many rows."""

    rows: int
    accuracy: float
    calibration_error: float


def score(answers: Sequence[tuple[float, bool]]) -> Score:
    """answers: confidence and whether it was right, of every row. An abstention is wrong at confidence 0."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for confidence, right in answers:
        bins[min(int(confidence * BINS), BINS - 1)].append((confidence, right))
    gaps = (abs(sum(confidence - right for confidence, right in each)) for each in bins)
    rows = max(len(answers), 1)
    return Score(len(answers), sum(right for _, right in answers) / rows, sum(gaps) / rows)
