"""Finds which signs speak for which technique: a perceptron over whole numbers (Rosenblatt 1958), averaged.

Guarantees: the same texts give the same weights on every machine.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from random import Random

from sentinel.finding import Technique
from sentinel.learned.feature import FeatureReader
from sentinel.learned.technique import LEARNED, Signs, Techniques, signs
from sentinel.training.instance import Instance

ROUNDS = 6
LARGEST = 99  # of a weight, after averaging
# Families of the data, lists of the phrase books: which technique each is an example of.
_OF = {
    "override": Technique.OVERRIDE,
    "role_play": Technique.ROLE_PLAY,
    "prompt_leak": Technique.PROMPT_LEAK,
    "encoded_request": Technique.PROMPT_LEAK,
    "delimiter": Technique.DELIMITER_SPOOFING,
    "folder_steering": Technique.FOLDER_STEERING,
    "short_sender": Technique.FOLDER_STEERING,
    "agent_action": Technique.AGENT_ACTION,
    "authority": Technique.AUTHORITY,
}

Weights = Mapping[str, Sequence[int]]


def technique_weights(instances: Sequence[Instance], reader: FeatureReader) -> Weights:
    """By sign, one number for each of LEARNED."""
    examples = [
        (signs(one.text, reader.concepts(one.text)), LEARNED.index(_OF[one.family]))
        for one in instances
        if one.attack and one.family in _OF
    ]
    return _scaled(_perceptron(examples))


def _perceptron(examples: list[tuple[Signs, int]]) -> dict[str, list[int]]:
    weights: dict[str, list[int]] = defaultdict(lambda: [0] * len(LEARNED))
    totals: dict[str, list[int]] = defaultdict(lambda: [0] * len(LEARNED))
    random = Random(1)  # noqa: S311  # an order, not a secret
    age = ROUNDS * len(examples)
    for _ in range(ROUNDS):
        random.shuffle(examples)
        for found, right in examples:
            guess = LEARNED.index(Techniques(weights).guess(found))
            if guess != right:
                for sign, count in found.items():
                    _push(weights[sign], totals[sign], right, count, age)
                    _push(weights[sign], totals[sign], guess, -count, age)
            age -= 1
    return totals


def _push(weight: list[int], total: list[int], place: int, by: int, age: int) -> None:
    """What is learned early counts as often as it was in force."""
    weight[place] += by
    total[place] += by * age


def _scaled(totals: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    most = max((abs(number) for row in totals.values() for number in row), default=1) or 1
    return {sign: [round(number * LARGEST / most) for number in row] for sign, row in sorted(totals.items())}
