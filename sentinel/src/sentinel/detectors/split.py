"""Rules that match only when sender name and subject are read together."""

from collections.abc import Iterator, Sequence

from sentinel.finding import Field, Finding, Technique
from sentinel.reading import InspectedItem
from sentinel.rules.matcher import Hit, Matcher


class SplitDetector:
    """Finds payloads that run from one field into the other."""

    def __init__(self, matcher: Matcher) -> None:
        """Takes the compiled rules."""
        self._matcher = matcher

    def __call__(self, items: Sequence[InspectedItem]) -> Iterator[tuple[int, Finding]]:
        """Findings in sender name, a space and the subject, with spans in that joined text."""
        for index in self._matcher.speaking([item.joined for item in items]):
            yield from ((index, finding) for finding in self._findings(items[index]))

    def _findings(self, item: InspectedItem) -> Iterator[Finding]:
        gap = len(item.item.texts.get(Field.SENDER_NAME, ""))
        for page in item.joined:
            yield from (_finding(hit) for hit in self._matcher.hits(page) if hit.start < gap < hit.end - 1)


def _finding(hit: Hit) -> Finding:
    return Finding(Technique.SPLIT_PAYLOAD, Field.JOINED, hit.start, hit.end, hit.rule.weight, hit.rule.id)
