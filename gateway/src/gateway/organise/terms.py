"""An AI provider as the classifier tells of it: how it is, what a person may spend a day, what a token costs."""

from dataclasses import dataclass, replace
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

    def within(self, tokens: int | None) -> "Terms":
        """The same, with at most so many tokens a day; None: as many as these terms allow, 0: no provider."""
        if tokens is None:
            return self
        return (
            replace(self, daily=self.daily._replace(tokens=min(self.daily.tokens, tokens))) if tokens else Terms.off()
        )

    @classmethod
    def off(cls) -> "Terms":
        """None is configured, or nobody knows."""
        return cls(OFF, Spending(0, 0), 0, 0)
