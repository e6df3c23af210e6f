"""Weights as signed bytes: what the release carries and what judges."""

import numpy as np
from numpy.typing import NDArray

from sentinel.learned.feature import Group
from sentinel.learned.model import Calibration, Model
from sentinel.learned.role import Role
from sentinel.training.trainer import SCALES, Weights

LARGEST = 127
CLIPPED = 0.0001  # share of the weights that are cut to the largest byte: a few outliers would cost the rest its steps


def quantised(weights: Weights, calibrations: tuple[Calibration, ...]) -> Model:
    """The model; each role has one step size."""
    tables = np.zeros(weights.tables.shape, np.int8)
    scales = np.zeros((len(Role), len(Group)))
    for role in Role:
        table = weights.tables[role]
        step = _step(table)
        tables[role] = np.clip(np.rint(table / step), -LARGEST, LARGEST).astype(np.int8)
        scales[role] = [SCALES[group] * step for group in Group]
    return Model(tables, scales, weights.bias, calibrations)


def _step(table: NDArray[np.float32]) -> float:
    sizes = np.sort(np.abs(table[table != 0.0]))
    if not len(sizes):
        return 1.0
    return float(sizes[int((len(sizes) - 1) * (1.0 - CLIPPED))]) / LARGEST
