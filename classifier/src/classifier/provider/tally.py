"""Counts what came of asking, by outcome: a closed set, so that nobody can add a series."""

from enum import Enum

from prometheus_client import Counter

from chassis.metrics import Metrics


class Outcome(Enum):
    """What came of one question: an answer, a reason to abstain, a failure, or why it was not asked."""

    CHOSEN = "chosen"
    NONE = "none"
    GARBLED = "garbled"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    FILTERED = "filtered"
    PROSE = "prose"
    UNKNOWN_ID = "unknown_id"
    NO_NUMBER = "no_number"
    THROTTLED = "throttled"
    BROKEN = "broken"
    UNREACHABLE = "unreachable"
    LATE = "late"
    TOO_LARGE = "too_large"
    DENIED = "denied"
    RESTING = "resting"
    OVERSIZE = "oversize"
    OVER_ALLOWANCE = "over_allowance"


class Tally:
    """A counter of the process's registry."""

    def __init__(self, metrics: Metrics) -> None:
        self._counter = Counter(
            "provider_questions", "Messages asked about, by what came of it", ["outcome"], registry=metrics.registry
        )

    def count(self, outcome: Outcome) -> None:
        """One question is over."""
        self._counter.labels(outcome.value).inc()
