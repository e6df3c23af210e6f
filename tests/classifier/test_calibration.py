"""Confidence holds what it says."""

import random
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from classifier.calibration import (
    _FADE,
    _RIDGE,
    SIGNALS,
    Calibration,
    signals,
    told,
)
from classifier.mixture import MAX_SQUARES, MAX_WEIGHT
from classifier.score import score
from classifier.table import Doubles


def _seen(raw: float, agreed: int = 2, softmax: float = 0.0, others: float = 0.0) -> Doubles:
    return signals(raw, agreed, softmax, others)


def _recorded(calibration: Calibration, rows: int, seed: int, truth: Any) -> list[tuple[float, bool]]:
    """Answers of an engine whose raw confidence c is right with chance truth(c): calibrated, then recorded."""
    chance = random.Random(seed)  # noqa: S311  # an engine of a test, the same in each run
    answers = []
    for _ in range(rows):
        raw = chance.random()
        right = chance.random() < truth(raw)
        answers.append((told(calibration.of(_seen(raw))), right))
        calibration.record(_seen(raw), right=right)
    return answers


def test_over_confidence_is_taken_back() -> None:
    """An engine that is right in 6 of 10 when it says 0.9 ends with an error of a few percent, not thirty."""
    answers = _recorded(Calibration(), 4000, 1, lambda raw: raw * 2 / 3)
    assert score(answers[1000:]).calibration_error < 0.04


@pytest.mark.parametrize("said", [0.5, 0.7, 0.8, 0.9])
def test_of_the_choices_told_a_number_so_many_are_right(said: float) -> None:
    """Those told 0.9 are right in nine of ten cases, and so on: steps make nothing look surer than it is."""
    answers = _recorded(Calibration(), 12_000, 4, lambda raw: raw**2)[2000:]
    group = [right for confidence, right in answers if confidence == said]
    assert len(group) > 300
    assert sum(group) / len(group) == pytest.approx(said, abs=0.05)


def test_the_window_runs() -> None:
    """What held a thousand messages ago is outweighed by what holds now."""
    calibration = Calibration()
    _recorded(calibration, 2000, 1, lambda _: 1.0)
    assert calibration.of(_seen(0.9)) > 0.95
    _recorded(calibration, 3000, 2, lambda _: 0.2)
    assert calibration.of(_seen(0.9)) < 0.35


def test_what_memories_say_counts() -> None:
    """Two choices of one raw confidence: the kind that was right more often is told the higher number."""
    calibration, chance = Calibration(), random.Random(5)  # noqa: S311  # an engine of a test
    for _ in range(1000):
        agreed = chance.choice((0, 4))
        calibration.record(_seen(0.8, agreed), right=chance.random() < (0.95 if agreed else 0.6))
    assert told(calibration.of(_seen(0.8, 4))) >= 0.9
    assert told(calibration.of(_seen(0.8, 0))) <= 0.7


def _extremes() -> Iterable[Doubles]:
    for raw in (0.0, 0.5, 1.0):
        for lead in (-1e9, 0.0, 1e9, float("inf"), float("-inf")):
            yield _seen(raw, 0, lead, -lead)
            yield _seen(raw, 4, lead, lead)


def test_weights_of_a_stranger_stay_a_confidence() -> None:
    """Whatever weights a profile brings, what comes out is between 0 and 1, learned from or not."""
    for weight in (-MAX_WEIGHT, 0.0, MAX_WEIGHT):
        for curvature in (-MAX_SQUARES, 0.0, MAX_SQUARES):
            hostile = Calibration(np.full(SIGNALS, weight), np.full((SIGNALS, SIGNALS), curvature))
            for seen in _extremes():
                assert 0.0 <= hostile.of(seen) <= 1.0
                hostile.record(seen, right=True)
                assert np.abs(hostile.weights).max() <= MAX_WEIGHT


def test_a_singular_curvature_is_no_error() -> None:
    """A forged profile whose curvature undoes the first one exactly: nothing moves."""
    calibration = Calibration(curvature=-_RIDGE / _FADE)
    calibration.record(np.zeros(SIGNALS), right=True)
    assert calibration.weights.tolist() == Calibration().weights.tolist()


def test_a_signal_that_is_no_number_moves_nothing() -> None:
    """Weights stay what they were, and finite."""
    calibration = Calibration()
    calibration.record(np.full(SIGNALS, np.nan), right=True)
    assert calibration.weights.tolist() == Calibration().weights.tolist()


def test_before_anything_is_known_raw_counts() -> None:
    """With nothing seen, it is the raw confidence, drawn towards a half by less than a tenth."""
    assert all(abs(Calibration().of(_seen(raw)) - raw) <= 0.06 for raw in np.linspace(0, 1, 101))
    assert Calibration().of(_seen(0.9)) < 0.9


@pytest.mark.parametrize("truth", [lambda raw: 1 - raw, lambda raw: 0.9 - 0.6 * (raw > 0.9), lambda raw: raw])
def test_a_surer_choice_never_gets_the_lower_number(truth: Any) -> None:
    """Of two choices that differ in nothing but raw confidence, whatever was recorded."""
    calibration = Calibration()
    _recorded(calibration, 1500, 3, truth)
    found = [calibration.of(_seen(raw)) for raw in np.linspace(0, 1, 200)]
    assert all(one <= two + 1e-12 for one, two in pairwise(found))


def test_confidence_is_told_in_steps_and_never_certain() -> None:
    """The nearest tenth, and 0.97 and 0.99 above; rising, at most half a step off."""
    exact = np.linspace(0, 1, 1001).tolist()
    steps = [told(each) for each in exact]
    assert steps == sorted(steps)
    assert set(steps) == {0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 0.99}
    assert max(abs(one - two) for one, two in zip(exact, steps, strict=True)) <= 0.05 + 1e-9
    assert [told(each) for each in (0.849, 0.851, 0.949, 0.951, 0.984, 0.986)] == [0.8, 0.9, 0.9, 0.97, 0.97, 0.99]


def test_score_of_a_known_case() -> None:
    """Two right of four at 0.75 each: accuracy 0.5, error 0.25."""
    found = score([(0.75, True), (0.75, True), (0.75, False), (0.75, False)])
    assert found == (4, 0.5, 0.25)
    assert score([]) == (0, 0.0, 0.0)
