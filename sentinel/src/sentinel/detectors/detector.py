"""What a detector is: inspected items in, findings out, each with the number of its item."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from sentinel.finding import Finding
from sentinel.reading import InspectedItem

Found = Iterable[tuple[int, Finding]]
Detector = Callable[[Sequence[InspectedItem]], Found]


def each(detect: Callable[[InspectedItem], Iterable[Finding]]) -> Detector:
    """A detector of one item as a detector of many."""

    def detect_each(items: Sequence[InspectedItem]) -> Iterator[tuple[int, Finding]]:
        for index, item in enumerate(items):
            for finding in detect(item):
                yield index, finding

    return detect_each
