"""The learned table: a row a feature, a column a folder. Bounded in rows, columns and cells.

Guarantees: row 0 stands for every unknown feature and stays zero; when the table is full, the rows that were seen
least and longest ago are forgotten; memory is at most MAX_CELLS cells in each of two matrices, whatever is learned.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MAX_ROWS = 40_960  # a stream of 4,000 messages makes 20,000 features; with more the profile nears 1 MB
MAX_CLASSES = 512  # folders; as many as one request may carry
MAX_CELLS = 4_194_304  # rows x columns: 16 MiB of float32 a matrix
NO_CLASS: Final = -1
UNKNOWN: Final = 0  # the row of everything never seen
LIFE = 64  # messages by which each sighting lengthens a row's life

_COLUMN_STEP = 16  # an opened profile touches every page of both matrices
_FIRST_ROWS = 1024

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


class Table:
    """Softmax weights, fading counts, AdaGrad sums, last folder, sightings and time of last sight for each feature."""

    def __init__(self) -> None:
        self.row_of: dict[int, int] = {}
        self.size = 1
        self.classes = 0
        self._allocate(_FIRST_ROWS, _COLUMN_STEP)

    @classmethod
    def sized(cls, size: int, classes: int) -> "Table":
        """An empty table of these sizes, to be filled from a profile."""
        table = cls()
        table.size, table.classes = size, classes
        table._allocate(size, -(-max(classes, 1) // _COLUMN_STEP) * _COLUMN_STEP)
        return table

    def find(self, keys: Sequence[int]) -> Ints:
        """Rows of these features; UNKNOWN where there is none."""
        find = self.row_of.get
        return np.array([find(key, UNKNOWN) for key in keys], dtype=np.int64)

    def ensure(self, keys: Sequence[int]) -> Ints:
        """Rows of these features, made where there was none. Call reserve first."""
        row_of = self.row_of
        rows = [row_of.setdefault(key, len(row_of) + 1) for key in keys]
        self.size = len(row_of) + 1
        return np.array(rows, dtype=np.int64)

    def reserve(self, rows: int) -> None:
        """Makes room for so many more rows, forgetting old ones at the limit. Row numbers may change."""
        if self.size + rows > self.limit:
            self.forget(self.limit * 7 // 8 - rows)
        if self.size + rows > len(self.last):
            self._reshape(min(self.limit, max(self.size + rows, 2 * len(self.last))), self.weights.shape[1])

    def add_class(self) -> None:
        """Adds a column; at MAX_CLASSES the caller must have dropped one."""
        self.classes += 1
        if self.classes > self.weights.shape[1]:
            columns = min(MAX_CLASSES, self.weights.shape[1] + _COLUMN_STEP)
            most = row_limit(columns)
            if self.size > most:
                self.forget(most * 7 // 8)
            self._reshape(min(most, len(self.last)), columns)

    def drop_class(self, index: int) -> None:
        """Forgets a column; those after it move down by one."""
        for matrix in (self.weights, self.counts):
            matrix[:, index : self.classes - 1] = matrix[:, index + 1 : self.classes]
            matrix[:, self.classes - 1] = 0
        self.last[self.last == index] = NO_CLASS
        self.last[self.last > index] -= 1
        self.classes -= 1

    def forget(self, rows: int) -> None:
        """Keeps at most so many rows: those seen most and most lately."""
        if self.size - 1 <= rows:
            return
        worth = self.touched[1 : self.size] + LIFE * self.seen[1 : self.size]
        self.keep(np.sort(np.argsort(-worth, kind="stable")[: max(rows, 0)]) + 1)

    def keep(self, kept: Ints) -> None:
        """Forgets every row but these; rising row numbers, without UNKNOWN. Row numbers change."""
        keys = self.keys()
        for array in self._arrays():
            array[1 : len(kept) + 1] = array[kept]
            array[len(kept) + 1 : self.size] = NO_CLASS if array is self.last else 0
        self.row_of = {int(keys[old - 1]): new for new, old in enumerate(kept, start=1)}
        self.size = len(kept) + 1

    def keys(self) -> NDArray[np.uint32]:
        """The feature of row i + 1."""
        return np.fromiter(self.row_of, dtype=np.uint32, count=len(self.row_of))

    @property
    def limit(self) -> int:
        """Rows that this many columns leave room for."""
        return row_limit(self.weights.shape[1])

    def _allocate(self, rows: int, columns: int) -> None:
        self.weights: Floats = np.zeros((rows, columns), np.float32)
        self.counts: Floats = np.zeros((rows, columns), np.float32)
        self.squares: Floats = np.zeros(rows, np.float32)
        self.last: Ints = np.full(rows, NO_CLASS, np.int64)
        self.seen: Ints = np.zeros(rows, np.int64)
        self.touched: Ints = np.zeros(rows, np.int64)

    def _reshape(self, rows: int, columns: int) -> None:
        old = self._arrays()
        self._allocate(rows, columns)
        for before, after in zip(old, self._arrays(), strict=True):
            _copy(before, after)

    def _arrays(self) -> tuple[NDArray[Any], ...]:
        return self.weights, self.counts, self.squares, self.last, self.seen, self.touched


def _copy(before: NDArray[Any], after: NDArray[Any]) -> None:
    """Copies what both have room for."""
    where = tuple(slice(0, min(one, two)) for one, two in zip(before.shape, after.shape, strict=True))
    after[where] = before[where]


def row_limit(columns: int) -> int:
    """The most rows a table of so many columns may have."""
    return min(MAX_ROWS, MAX_CELLS // max(columns, 1))
