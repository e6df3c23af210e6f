"""Turns the engine's raw confidence into one that holds: of the choices at 0.9, nine in ten are right. Pure.

A running window: each answer fades, so that a changed habit shows within some hundred messages. Raw confidence falls
into bins; a bin's rate of right answers is drawn towards the raw value while it has seen little, and made to rise
from bin to bin (pool adjacent violators), so that a surer choice never gets the lower number.
"""

from dataclasses import dataclass, field

import numpy as np

from classifier.table import Doubles

BINS = 15
WINDOW = 1000.0  # messages; an answer's weight falls to 1/e over so many
_PRIOR = 10.0  # answers that a bin must see before it outweighs the raw value
_MIDDLES = (np.arange(BINS) + 0.5) / BINS
_FADE = 1.0 - 1.0 / WINDOW


def _zeros() -> Doubles:
    return np.zeros(BINS)


@dataclass(slots=True)
class Calibration:
    """Per bin of raw confidence: faded number of answers, of right ones, and the sum of raw confidence."""

    seen: Doubles = field(default_factory=_zeros)
    right: Doubles = field(default_factory=_zeros)
    raw: Doubles = field(default_factory=_zeros)
    _curve: tuple[Doubles, Doubles] | None = field(default=None, init=False, repr=False, compare=False)

    def record(self, raw: float, *, right: bool) -> None:
        """Notes how a choice of this raw confidence turned out."""
        index = min(int(raw * BINS), BINS - 1)
        for kept, amount in zip(self.sums(), (1.0, float(right), raw), strict=True):
            np.multiply(kept, _FADE, out=kept)
            kept[index] += amount
        self._curve = None

    def sums(self) -> tuple[Doubles, Doubles, Doubles]:
        """What a profile keeps, in the order of the constructor."""
        return self.seen, self.right, self.raw

    def curve(self) -> tuple[Doubles, Doubles]:
        """Raw values, rising, and what each stands for, never falling."""
        middles = (self.raw + _PRIOR * _MIDDLES) / (self.seen + _PRIOR)
        rates = (self.right + _PRIOR * middles) / (self.seen + _PRIOR)
        return middles, rising(rates, self.seen + _PRIOR)

    def of(self, raw: float) -> float:
        """The calibrated confidence, 0 to 1."""
        if self._curve is None:
            self._curve = self.curve()
        return min(max(float(np.interp(raw, *self._curve)), 0.0), 1.0)  # a profile's sums are a stranger's


def rising(rates: Doubles, weights: Doubles) -> Doubles:
    """The closest never-falling sequence, by weighted squares (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []
    for rate, weight in zip(rates.tolist(), weights.tolist(), strict=True):
        pool = (rate, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            pool = _merge(pools.pop(), pool)
        pools.append(pool)
    return np.repeat([pool[0] for pool in pools], [pool[2] for pool in pools])


def _merge(one: tuple[float, float, int], two: tuple[float, float, int]) -> tuple[float, float, int]:
    weight = one[1] + two[1]
    return (one[0] * one[1] + two[0] * two[1]) / weight, weight, one[2] + two[2]
