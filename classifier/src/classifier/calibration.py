"""Turns what the engine thinks of its own choice into a confidence that holds: told 0.9, nine in ten are right. Pure.

A logistic regression over a few signals of one choice, learned online by Newton's steps in a window that fades, so that
a changed habit shows within some hundred messages. Until it has seen much, the raw confidence counts. It is told in
steps: a window of a thousand answers doesn't tell 0.88 from 0.9. Guarantees: 0 to 1 whatever a profile brings; of two
choices that differ in raw confidence only, the surer one never gets the lower number; weights stay within MAX_WEIGHT.
"""

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from classifier.mixture import MAX_SQUARES, MAX_WEIGHT, bounded
from classifier.table import Doubles

SIGNALS: Final = 6
WINDOW = 1000.0  # messages; an answer's weight falls to 1/e over so many

_FADE = 1.0 - 1.0 / WINDOW
_ODDS, _SURE = 1, 2  # the signals that rise with raw confidence
_FIRST: Final = np.array([0.0, 0.8, 0.0, 0.0, 0.0, 0.0])  # raw confidence, drawn towards a half: 0.9 begins as 0.85
_RIDGE: Final = 30.0 * np.eye(SIGNALS)  # how firmly the first weights are held: 10 to 100 differ by a fiftieth
_LEAST_ODDS, _MOST_ODDS = -6.0, 8.0
_SURE_FROM = 2.0  # log odds of 0.88: above, raw confidence says less than it seems to
_LEAST_LEAD, _MOST_LEAD = -4.0, 6.0
_TENTHS_UNTIL = 0.95
_TOLD_ABOVE: Final = ((0.985, 0.99), (_TENTHS_UNTIL, 0.97))  # never certain


def signals(raw: float, agreed: int, softmax: float, others: float) -> Doubles:
    """What is known of one choice. Shape (SIGNALS,), all bounded.

    raw: confidence before calibration, 0 to 1. agreed: how many of the four memories name the folder. softmax, others:
    its lead over the next folder in log odds, by the softmax alone and by all other opinions.
    """
    odds = min(max(math.log(max(raw, 1e-9) / max(1.0 - raw, 1e-9)), _LEAST_ODDS), _MOST_ODDS)
    return np.array((1.0, odds, max(odds - _SURE_FROM, 0.0), agreed / 2 - 1, _lead(softmax), _lead(others)))


def _lead(odds: float) -> float:
    return min(max(odds, _LEAST_LEAD), _MOST_LEAD) / 3


def told(confidence: float) -> float:
    """The nearest tenth; above 0.95 there are 0.97 and 0.99."""
    for least, value in _TOLD_ABOVE:
        if confidence >= least:
            return value
    return math.floor(confidence * 10 + 0.5) / 10


@dataclass(slots=True)
class Calibration:
    """weights: (SIGNALS,) of the signals. curvature: (SIGNALS, SIGNALS), how much they have seen, fading."""

    weights: Doubles = field(default_factory=_FIRST.copy)
    curvature: Doubles = field(default_factory=lambda: np.zeros((SIGNALS, SIGNALS)))

    def record(self, seen: Doubles, *, right: bool) -> None:
        """Notes how a choice with these signals turned out."""
        said = self.of(seen)
        bounded(_FADE * self.curvature + said * (1.0 - said) * np.outer(seen, seen), MAX_SQUARES, self.curvature)
        try:
            step = np.asarray(np.linalg.solve(self.curvature + _RIDGE, (said - right) * seen), np.float64)
        except np.linalg.LinAlgError:  # only a forged profile's curvature is singular
            return
        if np.isfinite(step).all():
            self._move(step)

    def _move(self, step: Doubles) -> None:
        bounded(self.weights - step, MAX_WEIGHT, self.weights)
        self.weights[_ODDS] = max(self.weights[_ODDS], 0.0)
        self.weights[_SURE] = max(self.weights[_SURE], -self.weights[_ODDS])

    def of(self, seen: Doubles) -> float:
        """The calibrated confidence, 0 to 1, exact; told() is what is said."""
        return 1.0 / (1.0 + math.exp(-float(self.weights @ seen)))
