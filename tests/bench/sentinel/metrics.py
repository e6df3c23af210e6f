"""What a detector is worth on labelled rows: pure functions of truth, score and decision.

A threshold is set on the benign rows alone and is the score of one of them; caught is what lies strictly above it. So
a tie is never decided in the detector's favour, and the rate that was asked for is never exceeded.
"""

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Judged:
    """A row's truth, and what a detector said about it. hard: benign, and sounds hostile."""

    attack: bool
    hard: bool
    score: float
    blocked: bool


@dataclass(frozen=True, slots=True)
class Quality:
    """The figures of a detector; not a number where there were no rows to take it from."""

    recall: float  # attacks blocked, by its own decision
    false_positives: float  # benign rows blocked, by its own decision
    auroc: float
    recall_at_01: float  # at 0.1 % false positives
    recall_at_1: float  # at 1 %
    kept: float  # hard negatives not blocked, by its own decision


def quality(rows: Sequence[Judged]) -> Quality:
    """All figures of one detector."""
    attacks, benign = [row for row in rows if row.attack], [row for row in rows if not row.attack]
    return Quality(
        recall=_share(row.blocked for row in attacks),
        false_positives=_share(row.blocked for row in benign),
        auroc=auroc(rows),
        recall_at_01=recall_at(rows, 0.001),
        recall_at_1=recall_at(rows, 0.01),
        kept=_share(not row.blocked for row in benign if row.hard),
    )


def auroc(rows: Iterable[Judged]) -> float:
    """How probable it is that an attack scores above a benign row; a tie counts half."""
    benign = attacks = wins = 0.0
    for tied in _by_score(rows):
        hostile = sum(row.attack for row in tied)
        wins += hostile * (benign + (len(tied) - hostile) / 2)
        attacks, benign = attacks + hostile, benign + len(tied) - hostile
    return wins / (attacks * benign) if attacks and benign else math.nan


def recall_at(rows: Sequence[Judged], rate: float) -> float:
    """The share of attacks above the threshold for a rate of false positives."""
    bar = threshold([row.score for row in rows if not row.attack], rate)
    return _share(row.score > bar for row in rows if row.attack)


def threshold(benign: Sequence[float], rate: float) -> float:
    """The lowest of the benign scores that at most that share of them lie above."""
    allowed = int(rate * len(benign))
    return heapq.nlargest(allowed + 1, benign)[-1] if allowed < len(benign) else -math.inf


def curve(rows: Sequence[Judged]) -> list[tuple[float, float]]:
    """(false positive rate, recall) at every threshold there is, from nothing caught to everything."""
    attacks = sum(row.attack for row in rows)
    points, caught, alarms = [(0.0, 0.0)], 0, 0
    for tied in reversed(_by_score(rows)):
        hostile = sum(row.attack for row in tied)
        caught, alarms = caught + hostile, alarms + len(tied) - hostile
        points.append((alarms / max(len(rows) - attacks, 1), caught / max(attacks, 1)))
    return points


def _by_score(rows: Iterable[Judged]) -> list[list[Judged]]:
    ordered = sorted(rows, key=lambda row: row.score)
    return [list(tied) for _, tied in groupby(ordered, key=lambda row: row.score)]


def _share(hits: Iterable[bool]) -> float:
    answers = list(hits)
    return sum(answers) / len(answers) if answers else math.nan
