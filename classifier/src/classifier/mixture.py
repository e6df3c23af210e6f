"""Multiplies the opinions of several models into one; how far each is trusted is learned from every answer. Pure.

A product of experts: log p(folder) = sum of weight x opinion, renormalised. The weights are a shared set plus a set
of their own for each case (sender known or not, thread known or not), both moved by AdaGrad.
"""

from dataclasses import dataclass, field

import numpy as np

from classifier.table import Doubles

OPINIONS = 12  # softmax, naive Bayes, 4 by memory, 4 last folders, habit, recent habit
CASES = 4  # sender known x thread known
MAX_WEIGHT = 8.0  # bounds what one opinion may say
MAX_SQUARES = 1e6
_FIRST = (0.7, 0.3, 0.2, 0.2)  # softmax, naive Bayes, sender, thread; the rest is learned from nothing
_RATE = 0.1
_FIRST_SQUARES = 1.0


def log_softmax(scores: Doubles) -> Doubles:
    """Log probabilities that sum to one."""
    shifted: Doubles = scores - scores.max()
    normal: Doubles = shifted - np.log(np.exp(shifted).sum())
    return normal


def _first_weights() -> Doubles:
    weights = np.zeros((1 + CASES, OPINIONS))
    weights[0, : len(_FIRST)] = _FIRST
    return weights


@dataclass(slots=True)
class Mixture:
    """Row 0 is shared, row 1 + case is that case's own. Shape (1 + CASES, OPINIONS)."""

    weights: Doubles = field(default_factory=_first_weights)
    squares: Doubles = field(default_factory=lambda: np.full((1 + CASES, OPINIONS), _FIRST_SQUARES))

    def of(self, case: int) -> Doubles:
        """The weight of each opinion in this case."""
        weights: Doubles = self.weights[0] + self.weights[1 + case]
        return weights

    def learn(self, case: int, opinions: Doubles, probabilities: Doubles, truth: int) -> None:
        """Moves both sets towards the opinions that were right. opinions: (OPINIONS, classes)."""
        gradient = opinions @ probabilities - opinions[:, truth]
        rows = [0, 1 + case]
        self.squares[rows] = np.minimum(self.squares[rows] + gradient**2, MAX_SQUARES)
        moved = self.weights[rows] - _RATE * gradient / np.sqrt(self.squares[rows])
        self.weights[rows] = np.clip(moved, -MAX_WEIGHT, MAX_WEIGHT)
