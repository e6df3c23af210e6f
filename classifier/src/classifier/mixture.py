"""Multiplies the opinions of several models into one; how far each is trusted is learned from every answer. Pure.

A product of experts: log p(folder) = sum of weight x opinion, renormalised. The weights are a shared set plus one of
their own for each case (sender known or not, thread known or not, a copy of the message before). The shared set moves
by Newton's steps, the others by AdaGrad. Guarantees: weights stay finite and within MAX_WEIGHT, whatever comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from classifier.features import LAST_GROUPS, Group
from classifier.table import Doubles

COPY_CASE = 4  # after the four of sender known x thread known
CASES = COPY_CASE + 1
MAX_WEIGHT = 8.0  # bounds what one opinion may say
MAX_SQUARES = 1e6

# Naive Bayes, an opinion a group: how loud at first. Softmax, habit, recent habit and copies come after.
BAYES: Final = {
    Group.SENDER: 2.0,
    Group.THREAD: 2.0,
    Group.DOMAIN: 1.0,
    Group.RECIPIENT_SET: 2.0,
    Group.NAME: 1.5,
    Group.WORD: 3.0,
    Group.PAIR: 1.5,
    Group.FIRST: 1.0,
    Group.STEM: 1.0,
    Group.RECIPIENT: 1.5,
    Group.PERSON: 1.5,
    Group.SENDER_COUNT: 1.0,
    Group.LIST: 2.0,
    Group.COPY: 1.0,
} | dict(zip(LAST_GROUPS, (2.0, 2.0, 1.0, 2.0), strict=True))
SOFTMAX: Final = len(BAYES)
HABIT: Final = SOFTMAX + 1
RECENT: Final = SOFTMAX + 2
COPIED: Final = SOFTMAX + 3  # where the copies before this one went: another copy seldom goes there too
OPINIONS: Final = SOFTMAX + 4
_BAYES_SCALE = 0.04
_FIRST: Final = np.array([*(_BAYES_SCALE * loud for loud in BAYES.values()), 0.4, 0.0, 0.0, -1.0])

_RATE = 0.015  # of the cases; the shared set has none
_FIRST_SQUARES = 1.0
_FIRST_CURVATURE = 40.0  # how firmly the first weights are held: 30 to 400 differ by a tenth of a point
_FADE = 0.9998  # of the curvature: 5,000 messages
_RIDGE: Final = _FIRST_CURVATURE * np.eye(OPINIONS)


def bounded(values: Doubles, most: float, out: Doubles) -> None:
    """Writes values into out, none beyond most on either side. As np.clip does, in a third of its time."""
    np.minimum(np.maximum(values, -most, out=out), most, out=out)


def softmax(scores: Doubles) -> Doubles:
    """Probabilities that sum to one."""
    odds: Doubles = np.exp(scores - scores.max())
    odds /= odds.sum()
    return odds


def _first_weights() -> Doubles:
    weights = np.zeros((1 + CASES, OPINIONS))
    weights[0] = _FIRST
    return weights


@dataclass(slots=True)
class Mixture:
    """Row 0 is shared, row 1 + case is that case's own. Shape (1 + CASES, OPINIONS); curvature (OPINIONS, OPINIONS)."""

    weights: Doubles = field(default_factory=_first_weights)
    squares: Doubles = field(default_factory=lambda: np.full((CASES, OPINIONS), _FIRST_SQUARES))
    curvature: Doubles = field(default_factory=lambda: np.zeros((OPINIONS, OPINIONS)))

    def of(self, cases: Sequence[int]) -> Doubles:
        """The weight of each opinion in these cases together."""
        weights: Doubles = self.weights[0].copy()
        for case in cases:
            weights += self.weights[1 + case]
        return weights

    def learn(self, cases: Sequence[int], opinions: Doubles, probabilities: Doubles, truth: int) -> None:
        """Moves all sets towards the opinions that were right. opinions: (OPINIONS, classes)."""
        mean = opinions @ probabilities
        gradient = mean - opinions[:, truth]
        self._newton(gradient, (opinions * probabilities) @ opinions.T - np.outer(mean, mean))
        for case in cases:
            self.squares[case] = np.minimum(self.squares[case] + gradient**2, MAX_SQUARES)
            self._move(1 + case, _RATE * gradient / np.sqrt(self.squares[case]))

    def _newton(self, gradient: Doubles, curvature: Doubles) -> None:
        bounded(_FADE * self.curvature + curvature, MAX_SQUARES, self.curvature)
        try:
            step = np.asarray(np.linalg.solve(self.curvature + _RIDGE, gradient), np.float64)
        except np.linalg.LinAlgError:  # only a forged profile's curvature is singular
            return
        self._move(0, step)

    def _move(self, row: int, step: Doubles) -> None:
        if np.isfinite(step).all():
            bounded(self.weights[row] - step, MAX_WEIGHT, self.weights[row])
