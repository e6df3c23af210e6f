"""The folders of one request, as one engine knows them: which were learned, and what the names of the others say. Pure.

Guarantees: of a folder that was never learned, its name alone gives at most NAMED_AT_MOST, below every move.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifier.choice import ABSTAINED, Choice, Engine, Reason
from classifier.habits import Habits
from classifier.mixture import softmax
from classifier.table import Doubles, Ints

NAMED_AT_MOST = 0.45  # confidence in a folder of which only the name is known: suggested, and below every move

_NAME_SAYS = 4.0  # log odds of a folder whose whole name is in the message, while it holds nothing
_NAME_UNTIL = 5.0  # messages in a folder that halve what its name says
_LEAST_HINT = 0.25  # half of a name: less is chance


@dataclass(frozen=True, slots=True)
class Offer:
    """The labels that may be chosen: places of those that are known, the class of each, places of the others.

    says: log odds that the whole name of a known folder in a message gives it; the less, the more it holds.
    habits: of every class.
    """

    known: Ints
    classes: Ints
    unknown: Ints
    says: Doubles
    habits: Habits

    @classmethod
    def of(cls, labels: Sequence[int], learned: Sequence[int], habit: Doubles, recent: Doubles) -> "Offer":
        """labels: hashed ids that may be chosen. learned, habit, recent: of each class its label and what it holds."""
        place = {label: index for index, label in enumerate(learned)}
        known = [(at, place[label]) for at, label in enumerate(labels) if label in place]
        unknown = [at for at, label in enumerate(labels) if label not in place]
        pairs = np.array(known, np.int64).reshape(-1, 2)
        says = _NAME_SAYS * _NAME_UNTIL / (_NAME_UNTIL + habit[pairs[:, 1]])
        return cls(pairs[:, 0], pairs[:, 1], np.array(unknown, np.int64), says, Habits.of(habit, recent))

    def hinted(self, logits: Doubles, probabilities: Doubles, hints: Doubles | None) -> Doubles:
        """The probabilities of all classes, moved towards folders that hold little and whose name the message says."""
        if hints is None or not hints.any():
            return probabilities
        moved = logits.copy()
        moved[self.classes] += self.says * hints[self.known]
        return softmax(moved)

    def by_name(self, hints: Doubles) -> Choice:
        """The folder that was never learned and whose name the message says most of; or ABSTAINED."""
        if not len(self.unknown):
            return ABSTAINED
        at = int(self.unknown[hints[self.unknown].argmax()])
        hint = float(hints[at])
        return Choice(at, NAMED_AT_MOST * hint, Engine.LEARNED, Reason.WORDS) if hint >= _LEAST_HINT else ABSTAINED
