"""Sentinel's judgement: items in, a Verdict each out. Pure, and the same for CLI and service.

Guarantees: a detector that breaks makes the one item held at which it broke (SEN-006), never clean, and nothing else.
Detectors go over a batch one after the other: each finds its tables warm, which halves the time of a message.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from sentinel.detectors.detector import Detector, each
from sentinel.detectors.encoded import detect_encoded
from sentinel.detectors.hidden import detect_hidden
from sentinel.detectors.learned import LearnedDetector
from sentinel.detectors.limits import detect_limits
from sentinel.detectors.look_alike import detect_look_alikes
from sentinel.detectors.pattern import PatternDetector
from sentinel.detectors.split import SplitDetector
from sentinel.finding import Field, Finding, Technique
from sentinel.item import Item
from sentinel.learned.feature import FeatureReader
from sentinel.learned.model import read_model
from sentinel.learned.technique import read_techniques
from sentinel.lexicon.book import read_lexicon
from sentinel.lexicon.reader import LexiconReader
from sentinel.operating_point import BALANCED, OperatingPoint
from sentinel.reading import InspectedItem, inspected
from sentinel.rules.book import read_rules
from sentinel.rules.matcher import Matcher
from sentinel.rules.rule import CERTAIN
from sentinel.verdict import Verdict, judge

BROKEN = Finding(Technique.UNSPECIFIED, Field.UNSPECIFIED, 0, 0, CERTAIN, "SEN-006")  # judged by no one: held


def detectors() -> tuple[Detector, ...]:
    """All detectors, their rules compiled and weights read (tenths of a second: build once)."""
    matcher = Matcher(read_rules())
    lexicon = LexiconReader(read_lexicon())
    return (
        PatternDetector(matcher),
        SplitDetector(matcher),
        each(detect_encoded),
        each(detect_hidden),
        each(detect_look_alikes),
        each(detect_limits),
        LearnedDetector(FeatureReader(lexicon), read_model(), read_techniques()),
    )


class Inspector:
    """Runs detectors over items and weighs what they find."""

    def __init__(self, detectors: Sequence[Detector], point: OperatingPoint = BALANCED) -> None:
        """Takes the detectors, and how strict to be; with no detector, everything is held."""
        self._detectors = detectors
        self._judge = partial(judge, point=point, detectors_ran=len(detectors))

    def inspect(self, items: Sequence[Item]) -> list[Verdict]:
        """The verdict over each item."""
        try:
            return self._inspected(items)
        except Exception:  # noqa: BLE001  # hostile text met a bug: whatever it is, that item is held and the batch goes on
            return [self._alone(item) for item in items]

    def _alone(self, item: Item) -> Verdict:
        try:
            return self._inspected([item])[0]
        except Exception:  # noqa: BLE001  # the same
            return self._judge([BROKEN], detectors_ran=0)

    def _inspected(self, items: Sequence[Item]) -> list[Verdict]:
        read = [inspected(item) for item in items]
        found: list[list[Finding]] = [[] for _ in items]
        for index, finding in self._findings(read):
            found[index].append(finding)
        return [self._judge(findings) for findings in found]

    def _findings(self, read: Sequence[InspectedItem]) -> Iterator[tuple[int, Finding]]:
        for detect in self._detectors:
            yield from detect(read)
