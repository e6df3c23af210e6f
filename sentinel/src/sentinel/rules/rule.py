"""A rule: what it is called, what it costs, what it tells the owner, and its pattern."""

from dataclasses import dataclass
from enum import Enum

from sentinel.finding import Technique

WEAK = 0.25  # says little alone
MEDIUM = 0.5  # review
FIRM = 0.7  # review alone; with anything else held
STRONG = 0.9  # held: nothing in ordinary mail reads like this
CERTAIN = 0.97  # held: has no ordinary use at all


class Form(Enum):
    """What a pattern is matched against.

    PHRASE: words; letters and digits folded, everything else a space. A space in the pattern stands for any run of
    separators, " ... " for up to four words between, and the pattern begins and ends at a word. Scripts that don't
    space their words are matched anywhere. A strong phrase is also looked for with all separators gone ("i g-n o-r e").
    SYNTAX: the canonical text, punctuation included; there a space is a space.
    """

    PHRASE = "phrase"
    SYNTAX = "syntax"


@dataclass(frozen=True, slots=True)
class Rule:
    """One documented pattern. sentence is for the owner: what the message tries."""

    id: str
    technique: Technique
    weight: float
    sentence: str
    pattern: str
    form: Form = Form.PHRASE
