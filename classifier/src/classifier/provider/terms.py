"""What the operator set for a provider, as the rest of the code takes it. Times in seconds."""

from dataclasses import dataclass

from classifier.provider.purse import Amount, Prices


@dataclass(frozen=True, slots=True)
class Terms:
    """daily: of one person. threshold: below which calibrated confidence of the learned engine it is asked."""

    daily: Amount
    prices: Prices
    threshold: float
    call_seconds: float
    concurrency: int
