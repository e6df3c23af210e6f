"""Sentinel's judgement: an item in, a Verdict out. Pure, and the same for CLI and service.

Guarantees: a detector that breaks makes the item held (SEN-006), never clean, and breaks nothing for other items.
"""

from collections.abc import Callable, Iterable, Sequence

from sentinel.detectors.encoded import detect_encoded
from sentinel.detectors.hidden import detect_hidden
from sentinel.detectors.limits import detect_limits
from sentinel.detectors.look_alike import detect_look_alikes
from sentinel.detectors.pattern import PatternDetector
from sentinel.detectors.split import SplitDetector
from sentinel.finding import Field, Finding, Technique
from sentinel.item import Item
from sentinel.reading import InspectedItem, inspected
from sentinel.rules.book import read_rules
from sentinel.rules.matcher import Matcher
from sentinel.rules.rule import CERTAIN
from sentinel.verdict import Verdict, judge

Detector = Callable[[InspectedItem], Iterable[Finding]]

BROKEN = Finding(Technique.UNSPECIFIED, Field.UNSPECIFIED, 0, 0, CERTAIN, "SEN-006")  # judged by no one: held


def detectors() -> tuple[Detector, ...]:
    """All detectors, their rules compiled (tenths of a second: build once)."""
    matcher = Matcher(read_rules())
    return (
        PatternDetector(matcher),
        SplitDetector(matcher),
        detect_encoded,
        detect_hidden,
        detect_look_alikes,
        detect_limits,
    )


class Inspector:
    """Runs detectors over items and weighs what they find."""

    def __init__(self, detectors: Sequence[Detector]) -> None:
        """Takes the detectors; with none, everything is held."""
        self._detectors = detectors

    def inspect(self, item: Item) -> Verdict:
        """The verdict over one item."""
        try:
            read = inspected(item)
            findings = [finding for detect in self._detectors for finding in detect(read)]
        except Exception:  # noqa: BLE001  # hostile text met a bug: whatever it is, the item is held and the batch goes on
            return judge([BROKEN], detectors_ran=0)
        return judge(findings, detectors_ran=len(self._detectors))
