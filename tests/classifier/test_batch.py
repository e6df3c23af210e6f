"""Nobody computes for a caller that no longer waits."""

from typing import Any

import pytest

from chassis.errors import DeadlineExceeded
from classifier.batch import Filing, Patience, classify, learn
from classifier.feature_key import FeatureKey


class _Ending(Patience):
    """The caller goes away after so many checks."""

    def __init__(self, checks: int) -> None:
        super().__init__(60.0)
        self.left = checks

    def check(self) -> None:
        self.left -= 1
        if self.left < 0:
            self.end()
        super().check()


def test_patience_ends_with_the_deadline_or_the_caller() -> None:
    """A deadline that has passed, and a caller that has gone, both end the work; otherwise it goes on."""
    patience = Patience(60.0)
    patience.check()
    patience.end()
    for over in (patience, Patience(0.0)):
        with pytest.raises(DeadlineExceeded):
            over.check()


def test_a_batch_stops_between_two_messages(taught: Any, post: Any, key: FeatureKey) -> None:
    """When the caller goes away at the fourth message, the fifth isn't looked at, in both calls."""
    filed = [Filing(taught.cleared(message), folder) for message, folder in post.stream(10)]
    for work in (
        lambda patience: classify(b"", key, [each.message for each in filed], [], patience),
        lambda patience: learn(b"", key, filed, patience),
    ):
        patience = _Ending(4)
        with pytest.raises(DeadlineExceeded):
            work(patience)
        assert patience.left == -1
