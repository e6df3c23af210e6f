"""How strict sentinel is: at which risk an item is for review, and at which it is held.

Risk is scaled so that the numbers of BALANCED mean what they say on our development data: ordinary mail is held less
than once, and for review less than five times, in a thousand.
"""

from enum import StrEnum
from typing import NamedTuple


class Strictness(StrEnum):
    """The setting."""

    STRICT = "strict"
    BALANCED = "balanced"
    LENIENT = "lenient"


class OperatingPoint(NamedTuple):
    """Risks, 0 to 1, from which an item is for review, and held."""

    review: float
    held: float


BALANCED = OperatingPoint(review=0.4, held=0.75)  # one rule of the middle sort is for review; a strong one is held
POINTS = {
    Strictness.STRICT: OperatingPoint(review=0.2, held=0.5),
    Strictness.BALANCED: BALANCED,
    Strictness.LENIENT: OperatingPoint(review=0.6, held=0.88),  # a strong rule alone still holds
}
