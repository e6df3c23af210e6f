"""Which technique a text uses that the learned detector flagged: for the owner's eyes, it decides nothing.

Guarantees: whole numbers; of equals the first in the order of Technique.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files

from sentinel.finding import Technique
from sentinel.lexicon.concept import Concept

LEARNED = tuple(
    Technique[name]
    for name in (
        "OVERRIDE", "ROLE_PLAY", "PROMPT_LEAK", "DELIMITER_SPOOFING", "FOLDER_STEERING", "AGENT_ACTION", "AUTHORITY",
    )
)  # fmt: skip
_MARKS = '{}[]<>|=:"#*`\\/'  # what channels between programs are made of

Signs = Counter[str]


def signs(text: str, concepts: Sequence[int]) -> Signs:
    """The concepts of a text, and the marks in it."""
    found = Counter(Concept(number).name for number in concepts)
    found.update(mark for mark in _MARKS if mark in text)
    found["always"] = 1
    return found


class Techniques:
    """What each sign says for each technique."""

    def __init__(self, weights: Mapping[str, Sequence[int]]) -> None:
        """weights: by sign, one number for each of LEARNED."""
        self._weights = weights

    def guess(self, found: Signs) -> Technique:
        """The technique that the signs speak for most."""
        none = [0] * len(LEARNED)
        said = [
            sum(count * self._weights.get(sign, none)[place] for sign, count in found.items())
            for place in range(len(LEARNED))
        ]
        return LEARNED[said.index(max(said))]


def read_techniques() -> Techniques:
    """The weights of this release."""
    return Techniques(json.loads((files(__package__) / "techniques.json").read_text("utf-8")))
