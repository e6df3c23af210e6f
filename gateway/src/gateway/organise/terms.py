"""An AI provider as the classifier tells of it: how it is, what a person may spend a day, what a token costs."""

from dataclasses import dataclass
from typing import Final

from gateway.store.spending import Spending

OFF: Final = "off"


@dataclass(frozen=True, slots=True)
class Terms:
    """state is a word of a closed set; prices are of one token, in billionths of the operator's currency."""

    state: str
    daily: Spending
    prompt_price: int
    answer_price: int

    @property
    def on(self) -> bool:
        """Whether there is a provider that may be asked."""
        return self.state != OFF

    @classmethod
    def off(cls) -> "Terms":
        """None is configured, or nobody knows."""
        return cls(OFF, Spending(0, 0), 0, 0)
