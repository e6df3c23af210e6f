"""Counts what came of asking, by outcome: a closed set, so that nobody can add a series."""

from enum import Enum

from prometheus_client import Counter, Histogram

from chassis.metrics import DURATION_BUCKETS, Metrics


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
    """A counter and a histogram of the process's registry."""

    def __init__(self, metrics: Metrics) -> None:
        self._counter = Counter(
            "provider_questions", "Messages asked about, by what came of it", ["outcome"], registry=metrics.registry
        )

        self._seconds = Histogram(
            "provider_question_seconds",
            "How long one question took, its second attempt included",
            buckets=DURATION_BUCKETS,
            registry=metrics.registry,
        )

    def count(self, outcome: Outcome, seconds: float) -> None:
        """One question is over."""
        self._counter.labels(outcome.value).inc()
        self._seconds.observe(seconds)
