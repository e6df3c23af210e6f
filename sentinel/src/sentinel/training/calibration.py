"""Where on the scale of scores "for review" and "held" begin, role by role."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sentinel.learned.model import Calibration
from sentinel.learned.role import Role

# Share of honest mail that the learned detector alone may put for review, by role. Together they stay well under what
# the whole of sentinel may: 5 in a thousand of mail from sources that nothing was learned from.
REVIEW = {Role.SUBJECT: 0.0014, Role.SENDER: 0.0006, Role.JOINED: 0.0006}
# Of a score, from review to held. Not a share of its own: on some thousand honest rows that would hang on a single one.
HELD_ABOVE = 0.8

Floats = NDArray[np.float64]


def calibrated(worst: Mapping[Role, Floats]) -> tuple[Calibration, ...]:
    """worst: by role, the highest score of each honest message."""
    return tuple(_calibration(role, worst[role]) for role in Role)


def _calibration(role: Role, scores: Floats) -> Calibration:
    review = exceeded_by(scores, REVIEW[role])
    return Calibration(review, review + HELD_ABOVE)


def exceeded_by(scores: Floats | Sequence[float], share: float) -> float:
    """The least score that at most this share of the scores is above."""
    ordered = np.sort(np.asarray(scores))[::-1]
    return float(ordered[min(int(share * len(ordered)), len(ordered) - 1)])
