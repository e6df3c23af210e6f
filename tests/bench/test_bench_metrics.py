"""The figures of `make bench-sentinel`, on rows whose figures can be counted by hand."""

import math
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def metrics(part: Callable[[str], Any]) -> Any:
    """The module."""
    return part("metrics")


def rows(metrics: Any, attacks: list[float], benign: list[float]) -> list[Any]:
    """Rows with these scores; blocked from 0.5 on; every second benign one sounds hostile."""
    hostile = [metrics.Judged(attack=True, hard=False, score=score, blocked=score >= 0.5) for score in attacks]
    others = [
        metrics.Judged(attack=False, hard=number % 2 == 1, score=score, blocked=score >= 0.5)
        for number, score in enumerate(benign)
    ]
    return hostile + others


@pytest.mark.parametrize(
    ("attacks", "benign", "area"),
    [
        ([0.9, 0.8], [0.1, 0.2], 1.0),
        ([0.1], [0.9], 0.0),
        ([0.5, 0.5], [0.5, 0.5, 0.5], 0.5),  # nothing but ties
        ([0.9, 0.5], [0.5, 0.1], 0.875),  # of four pairs three won and one tied
        ([1.0, 0.0], [0.0, 0.0, 0.0, 1.0], 0.625),  # a rule list: of eight pairs three won and four tied
    ],
)
def test_auroc_counts_a_tie_as_half(metrics: Any, attacks: list[float], benign: list[float], area: float) -> None:
    """The share of pairs that are in order, ties half; whatever the order of the rows."""
    judged = rows(metrics, attacks, benign)
    assert metrics.auroc(judged) == pytest.approx(area)
    assert metrics.auroc(judged[::-1]) == pytest.approx(area)


def test_auroc_agrees_with_every_pair(metrics: Any) -> None:
    """The quick way and the definition give the same figure, on scores with many ties."""
    attacks, benign = [n * 7 % 13 / 13 for n in range(40)], [n * 5 % 11 / 13 for n in range(60)]
    pairs = [(a > b) + (a == b) / 2 for a in attacks for b in benign]
    assert metrics.auroc(rows(metrics, attacks, benign)) == pytest.approx(sum(pairs) / len(pairs))


@pytest.mark.parametrize(("attacks", "benign"), [([], [0.5]), ([0.5], [])])
def test_auroc_of_one_kind_is_no_number(metrics: Any, attacks: list[float], benign: list[float]) -> None:
    """Without a pair there is nothing to rank."""
    assert math.isnan(metrics.auroc(rows(metrics, attacks, benign)))


def test_no_threshold_exceeds_its_rate(metrics: Any) -> None:
    """Of 1,000 benign rows at most one lies above the threshold for 0.1 %, and at most ten above that for 1 %."""
    benign = [n / 1000 for n in range(1000)]
    assert sum(score > metrics.threshold(benign, 0.001) for score in benign) == 1
    assert sum(score > metrics.threshold(benign, 0.01) for score in benign) == 10


def test_a_tie_is_decided_against_the_detector(metrics: Any) -> None:
    """When more benign rows share the top score than the rate allows, an attack with that score is not caught."""
    judged = rows(metrics, attacks=[1.0] * 9 + [2.0], benign=[1.0] * 3 + [0.0] * 197)
    assert metrics.recall_at(judged, 0.01) == 0.1  # two alarms allowed, three rows tied: all of 1.0 is lost
    assert metrics.recall_at(judged, 0.015) == 1.0  # three allowed: the threshold falls to 0.0


def test_too_few_rows_for_a_rate_allow_no_alarm(metrics: Any) -> None:
    """0.1 % of 200 rows is none: the threshold is the highest benign score."""
    judged = rows(metrics, attacks=[0.6, 0.9], benign=[0.7] + [0.0] * 199)
    assert metrics.recall_at(judged, 0.001) == 0.5


def test_its_own_decision_is_counted_apart_from_its_scores(metrics: Any) -> None:
    """Recall, false positives and kept hard negatives come from blocked alone."""
    found = metrics.quality(rows(metrics, attacks=[0.9, 0.6, 0.4, 0.1], benign=[0.0, 0.7, 0.2, 0.1, 0.8]))
    assert (found.recall, found.false_positives, found.kept) == (0.5, 0.4, 0.5)


def test_a_curve_runs_from_nothing_to_everything(metrics: Any) -> None:
    """It rises in both directions, with a point for each threshold and no point inside a tie."""
    points = metrics.curve(rows(metrics, attacks=[0.9, 0.5], benign=[0.5, 0.1]))
    assert points == [(0.0, 0.0), (0.0, 0.5), (0.5, 1.0), (1.0, 1.0)]
