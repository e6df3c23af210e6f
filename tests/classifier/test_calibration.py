"""Confidence holds what it says."""

import random
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from classifier.calibration import Calibration, rising
from classifier.score import score


def _recorded(calibration: Calibration, rows: int, seed: int, truth: Any) -> list[tuple[float, bool]]:
    """Answers of an engine whose raw confidence c is right with chance truth(c): calibrated, then recorded."""
    chance = random.Random(seed)  # noqa: S311  # an engine of a test, the same in each run
    answers = []
    for _ in range(rows):
        raw = chance.random()
        right = chance.random() < truth(raw)
        answers.append((calibration.of(raw), right))
        calibration.record(raw, right=right)
    return answers


def test_over_confidence_is_taken_back() -> None:
    """An engine that is right in 6 of 10 when it says 0.9 ends with an error of a few percent, not thirty."""
    answers = _recorded(Calibration(), 4000, 1, lambda raw: raw * 2 / 3)
    assert score(answers[1000:]).calibration_error < 0.04


def test_the_window_runs() -> None:
    """What held a thousand messages ago is outweighed by what holds now."""
    calibration = Calibration()
    _recorded(calibration, 2000, 1, lambda _: 1.0)
    assert calibration.of(0.9) > 0.95
    _recorded(calibration, 3000, 2, lambda _: 0.2)
    assert calibration.of(0.9) < 0.35


def test_sums_of_a_stranger_stay_a_confidence() -> None:
    """Whatever sums a profile brings, what comes out is between 0 and 1."""
    hostile = Calibration(right=np.full(15, 1e9))
    assert [hostile.of(raw) for raw in (0.0, 0.5, 1.0)] == [1.0, 1.0, 1.0]


def test_before_anything_is_known_raw_counts() -> None:
    """An empty window changes nothing by more than half a bin."""
    assert all(abs(Calibration().of(raw) - raw) <= 1 / 30 + 1e-9 for raw in np.linspace(0, 1, 101))


def test_a_surer_choice_never_gets_the_lower_number() -> None:
    """The curve rises, whatever was recorded."""
    calibration = Calibration()
    _recorded(calibration, 500, 3, lambda raw: 1 - raw)
    found = [calibration.of(raw) for raw in np.linspace(0, 1, 200)]
    assert all(one <= two for one, two in pairwise(found))


def test_pooling_keeps_the_weighted_mean() -> None:
    """Neighbours out of order become one pool at their weighted mean."""
    pooled = rising(np.array([0.1, 0.6, 0.3, 0.9]), np.array([1.0, 1.0, 2.0, 1.0]))
    assert pooled == pytest.approx(np.array([0.1, 0.4, 0.4, 0.9]))


def test_score_of_a_known_case() -> None:
    """Two right of four at 0.75 each: accuracy 0.5, error 0.25."""
    found = score([(0.75, True), (0.75, True), (0.75, False), (0.75, False)])
    assert found == (4, 0.5, 0.25)
    assert score([]) == (0, 0.0, 0.0)
