"""Which signal spoke most for a choice: groups of features, gathered under the words that the owner reads. Pure."""

from typing import Final

import numpy as np

from classifier.choice import Reason
from classifier.features import Group
from classifier.mixture import BAYES
from classifier.table import Doubles, Floats, Ints

_REASONS: Final = (Reason.SENDER, Reason.THREAD, Reason.DOMAIN, Reason.RECIPIENTS, Reason.WORDS)
_REASON_OF: Final = {
    Group.SENDER: Reason.SENDER,
    Group.NAME: Reason.SENDER,
    Group.SENDER_COUNT: Reason.SENDER,
    Group.LAST_SENDER: Reason.SENDER,
    Group.THREAD: Reason.THREAD,
    Group.LAST_THREAD: Reason.THREAD,
    Group.COPY: Reason.THREAD,
    Group.DOMAIN: Reason.DOMAIN,
    Group.LAST_DOMAIN: Reason.DOMAIN,
    Group.RECIPIENT_SET: Reason.RECIPIENTS,
    Group.LAST_RECIPIENT_SET: Reason.RECIPIENTS,
    Group.RECIPIENT: Reason.RECIPIENTS,
    Group.PERSON: Reason.RECIPIENTS,
    Group.LIST: Reason.RECIPIENTS,
}
_INDEX: Final = np.array([_REASONS.index(_REASON_OF.get(group, Reason.WORDS)) for group in Group])
_BAYES_INDEX: Final = _INDEX[[int(group) for group in BAYES]]


def strongest(groups: Ints, features: Floats | Doubles, bayes: Doubles) -> Reason:
    """features: log odds that each feature gave, with its group. bayes: those of each group of BAYES."""
    spoke = np.bincount(_INDEX[groups], weights=features, minlength=len(_REASONS))
    spoke += np.bincount(_BAYES_INDEX, weights=bayes, minlength=len(_REASONS))
    return _REASONS[int(spoke.argmax())]
