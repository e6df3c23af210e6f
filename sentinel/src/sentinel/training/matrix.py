"""Instances as numbers: for each the slots of its features and their values, one row after the other."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentinel.learned.feature import FeatureReader, Group
from sentinel.learned.model import Floats, Model
from sentinel.learned.window import LONGEST
from sentinel.training.instance import Instance

_AT_ONCE = 4096  # texts


class Matrix(NamedTuple):
    """slots, groups and values of row i lie at first[i] to first[i + 1]; a value is 1 / sqrt(features of its group)."""

    slots: NDArray[np.uint32]
    groups: NDArray[np.uint8]
    values: NDArray[np.float32]
    first: NDArray[np.int64]
    attack: NDArray[np.bool_]
    role: NDArray[np.int64]
    weight: NDArray[np.float64]

    def entries(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Places of all entries of some rows, and for each which of the rows it belongs to."""
        lengths = self.first[rows + 1] - self.first[rows]
        owner = np.repeat(np.arange(len(rows)), lengths)
        begin = np.cumsum(lengths) - lengths
        return np.arange(len(owner)) + (self.first[rows] - begin)[owner], owner

    def scores(self, model: Model, rows: NDArray[np.int64]) -> Floats:
        """What a model says of some rows: what the detector would, of features that are read already."""
        entries, owner = self.entries(rows)
        roles = self.role[rows]
        weight = model.tables[roles[owner], self.slots[entries]] * model.scales[roles[owner], self.groups[entries]]
        return np.bincount(owner, weight * self.values[entries], len(rows)) + model.bias[roles]


def matrix(instances: Sequence[Instance], reader: FeatureReader) -> Matrix:
    """Reads the features of all instances."""
    parts = list(_parts([one.text[:LONGEST] for one in instances], reader))
    slots, groups, values, lengths = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Matrix(
        slots,
        groups,
        values,
        np.concatenate(([0], np.cumsum(lengths))),
        np.array([one.attack for one in instances]),
        np.array([one.role for one in instances], np.int64),
        np.array([one.weight for one in instances]),
    )


def _parts(texts: Sequence[str], reader: FeatureReader) -> Iterator[tuple[NDArray[Any], ...]]:
    for start in range(0, len(texts), _AT_ONCE):
        part = texts[start : start + _AT_ONCE]
        features = reader.read(part)
        text = np.concatenate([features[group].text for group in Group])
        groups = np.concatenate([np.full(len(features[group].slots), group, np.uint8) for group in Group])
        slots = np.concatenate([features[group].slots for group in Group])
        order = np.lexsort((groups, text))
        counts = np.bincount(text * len(Group) + groups, minlength=len(part) * len(Group))
        values = (1.0 / np.sqrt(counts[text * len(Group) + groups])).astype(np.float32)
        yield slots[order], groups[order], values[order], np.bincount(text, minlength=len(part))
