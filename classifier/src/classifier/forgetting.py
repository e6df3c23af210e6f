"""Forgetting on purpose: one folder, or one message, out of what was learned. Pure.

What remains of a folder: nothing that names it. Its column of weights and counts, its habit, every memory of it, every
feature that says "the last one went there", and each feature that was seen with it alone are gone. How often a shared
feature was seen, the sums of squares that pace the learning, the mixture's trust and the calibration are sums over all
folders, and stay; so do the weights of other folders, which learned beside it.

What remains of a message: its counts, sightings and habits are taken back, memories of it and features that only it
had are gone. What it moved in weights that other messages share, and in features of what was last, can't be told apart
any more, and stays, as do the sums above; so does the number of messages learned, which is the clock of the table.
"""

from collections.abc import Iterator

import numpy as np

from classifier.features import LAST_GROUPS, Group
from classifier.learned import LearnedEngine
from classifier.marks import Marks
from classifier.table import NO_CLASS, UNKNOWN, Ints, Table


def forget_folder(engine: LearnedEngine, label: int) -> bool:
    """Removes a folder, by its hashed label. False if it was never learned."""
    if label not in engine.labels:
        return False
    table, index = engine.table, engine.labels.index(label)
    counts = table.counts[: table.size, : table.classes]
    alone = np.flatnonzero((counts[:, index] > 0) & (counts.sum(axis=1) <= counts[:, index]))
    about = [table.row_of[key] for key in _about(engine, label) if key in table.row_of]
    engine.drop_class(index)
    _forget_rows(table, np.union1d(alone, np.array(about, np.int64)))
    return True


def forget_message(engine: LearnedEngine, message: Marks, label: int) -> bool:
    """Takes a message back that was learned with this label. False if the label was never learned.

    A count that has faded since gives up the whole 1 that it got, or what is left: rather too much than too little.
    """
    if label not in engine.labels:
        return False
    index, rows = (
        engine.labels.index(label),
        np.unique(engine.table.find([*message.keys, engine.key.memory(Group.BIAS)])),
    )
    rows = rows[rows != UNKNOWN]
    _take_back(engine.table, rows, index)
    engine.habit[index] = max(engine.habit[index] - 1, 0)
    engine.recent[index] = max(engine.recent[index] - 1, 0)
    if engine.copies.of(message.letter):
        engine.copies.forget()
    if not engine.habit[index]:
        forget_folder(engine, label)
    return True


def _take_back(table: Table, rows: Ints, index: int) -> None:
    """One sighting of each row, where it went, and what was remembered of it alone."""
    table.counts[rows, index] = np.maximum(table.counts[rows, index] - 1, 0)
    table.seen[rows] = np.maximum(table.seen[rows] - 1, 0)
    counts = table.counts[rows, : table.classes]
    stale = (table.last[rows] == index) & (counts[:, index] == 0)
    other = np.where(counts.any(axis=1), counts.argmax(axis=1), NO_CLASS)
    table.last[rows] = np.where(stale, other, table.last[rows])
    _forget_rows(table, rows[table.seen[rows] == 0])


def _forget_rows(table: Table, rows: Ints) -> None:
    table.keep(np.setdiff1d(np.arange(1, table.size), rows))


def _about(engine: LearnedEngine, label: int) -> Iterator[int]:
    """Every feature that says something about mail that went to this folder: the last one, or a copy's forerunner."""
    key = engine.key
    yield from (key.memory(group, label) for group in LAST_GROUPS)
    yield from (key.memory(Group.COPY, kind, label) for kind in (0, 3))
    yield from (key.memory(Group.COPY, 2, label, sender) for sender in engine.table.row_of)
