"""How often each folder is filed in, by itself: over all mail, and lately. Pure."""

from dataclasses import dataclass

import numpy as np

from classifier.table import Doubles, Floats

_SMOOTHING = 0.5  # messages that every folder is given
_RECENT_SMOOTHING = 0.02


@dataclass(frozen=True, slots=True)
class Habits:
    """Of each class: 1 / its share of the mail, log of that share, and log of its share of late."""

    rarity: Floats
    log: Doubles
    log_recent: Doubles

    @classmethod
    def of(cls, habit: Doubles, recent: Doubles) -> "Habits":
        """habit, recent: messages a class, and the same fading."""
        share, late = habit + _SMOOTHING, recent + _RECENT_SMOOTHING
        share = share / share.sum()
        return cls((1.0 / share).astype(np.float32), np.log(share), np.log(late / late.sum()))
