"""Finds the weights: a linear model with squared hinge loss, AdaGrad, and whole groups of features left out at random.

Leaving groups out is what makes concepts carry weight of their own, so that what was learned in one language holds in
another. Weights are shared by all roles, with a correction for each.

Guarantees: the same instances give the same weights on every machine: nothing but additions, multiplications, divisions
and square roots, which IEEE 754 rounds in one way, in a fixed order; no exponential, no matrix product.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentinel.learned.feature import SLOTS_LOG2, Group
from sentinel.learned.role import Role
from sentinel.training.matrix import Matrix

EPOCHS = 5
BATCH = 512  # instances a step
RATE = 0.06  # of AdaGrad; the last epoch takes less than a third of it, which settles the weights
LAST_EPOCH = 0.3
CORRECTION_RATE = 0.4  # of RATE, for what a role learns apart
BIAS_RATE = 0.02
SEED = 1
# How loud each group is, and how often it is left out of a step.
SCALES = {Group.LETTERS: 2.0, Group.WORDS: 2.0, Group.CONCEPTS: 2.0, Group.SHAPE: 1.0}
LEFT_OUT = {Group.LETTERS: 0.25, Group.WORDS: 0.25, Group.CONCEPTS: 0.15, Group.SHAPE: 0.35}
_SLOTS = 1 << SLOTS_LOG2
_LEAST = 1e-6  # of a sum of squares

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Weights(NamedTuple):
    """By role and slot, and a bias by role; a score is their sum over SCALES[group] * value."""

    tables: NDArray[np.float32]
    bias: Floats


class Trainer:
    """Weights on their way."""

    def __init__(self) -> None:
        """Starts with nothing learned."""
        self._random = np.random.Generator(np.random.PCG64(SEED))
        self._shared = np.zeros(_SLOTS, np.float32)
        self._shared_squares = np.full(_SLOTS, _LEAST, np.float32)
        self._own = np.zeros(len(Role) * _SLOTS, np.float32)
        self._own_squares = np.full(len(Role) * _SLOTS, _LEAST, np.float32)
        self._bias = np.zeros(len(Role))
        self._scales = np.array([SCALES[group] for group in Group])
        self._left_out = np.array([LEFT_OUT[group] for group in Group])

    def learn(self, data: Matrix, rows: Rows, told: Callable[[str], None]) -> Weights:
        """Learns from some rows of a matrix; told hears of each epoch."""
        for epoch in range(EPOCHS):
            rate = RATE * (LAST_EPOCH if epoch == EPOCHS - 1 else 1.0)
            order = self._random.permutation(rows)
            losses = [self._step(data, order[at : at + BATCH], rate) for at in range(0, len(order), BATCH)]
            told(f"epoch {epoch + 1} of {EPOCHS}: loss {sum(losses) / len(order):.5f}")
        return Weights(self._own.reshape(len(Role), _SLOTS) + self._shared, self._bias)

    def _step(self, data: Matrix, rows: Rows, rate: float) -> float:
        entries, owner = data.entries(rows)
        slots, groups, roles = data.slots[entries], data.groups[entries], data.role[rows]
        kept = self._random.random((len(rows), len(Group))) >= self._left_out
        values = data.values[entries] * self._scales[groups] * kept[owner, groups]
        own = roles[owner] * _SLOTS + slots
        scores = np.bincount(owner, (self._shared[slots] + self._own[own]) * values, len(rows)) + self._bias[roles]
        sign = np.where(data.attack[rows], 1.0, -1.0)
        lacking = np.maximum(0.0, 1.0 - sign * scores)
        slope = -2.0 * lacking * sign * data.weight[rows]
        self._move(slope[owner] * values, slots, own, rate)
        self._bias -= BIAS_RATE / BATCH * np.bincount(roles, slope, len(Role))
        return float((lacking * lacking * data.weight[rows]).sum())

    def _move(self, slopes: Floats, slots: NDArray[np.uint32], own: NDArray[np.int64], rate: float) -> None:
        felt = slopes != 0.0
        _adagrad(self._shared, self._shared_squares, slots[felt], slopes[felt], rate)
        _adagrad(self._own, self._own_squares, own[felt], slopes[felt], rate * CORRECTION_RATE)


def _adagrad(
    weights: NDArray[np.float32],
    squares: NDArray[np.float32],
    places: NDArray[np.int64] | NDArray[np.uint32],
    slopes: Floats,
    rate: float,
) -> None:
    touched, number = np.unique(places, return_inverse=True)
    slope = np.bincount(number, slopes).astype(np.float32)
    squares[touched] += slope * slope
    weights[touched] -= np.float32(rate) * slope / np.sqrt(squares[touched])
