"""Rules in the texts themselves, in what prompts will hold of them, and in the ways to decode them."""

from collections.abc import Iterator

from sentinel.canonical.mapped import Mapped
from sentinel.finding import Finding, Technique
from sentinel.reading import InspectedItem, Reading
from sentinel.rules.matcher import Hit, Matcher


class PatternDetector:
    """Finds what the rules know, field by field."""

    def __init__(self, matcher: Matcher) -> None:
        """Takes the compiled rules."""
        self._matcher = matcher

    def __call__(self, item: InspectedItem) -> Iterator[Finding]:
        """Findings of every reading."""
        if self._matcher.silent([page for reading in item.readings for page in _pages(reading)]):
            return
        for reading in item.readings:
            yield from self._findings(reading)

    def _findings(self, reading: Reading) -> Iterator[Finding]:
        plain = self._matcher.hits(reading.plain.canonical)
        if reading.prompt is not None:
            plain += self._matcher.hits(reading.prompt)
        yield from (_finding(reading, hit, _technique(hit)) for hit in plain)
        known = {hit.rule.id for hit in plain}
        for view in reading.views:
            technique = Technique.HIDDEN_CHARACTERS if view.hidden else Technique.ENCODED_PAYLOAD
            hits = self._matcher.hits(view.canonical)
            yield from (_finding(reading, hit, technique) for hit in hits if hit.rule.id not in known)


def _pages(reading: Reading) -> list[Mapped]:
    prompt = [] if reading.prompt is None else [reading.prompt]
    return [reading.plain.canonical, *prompt, *(view.canonical for view in reading.views)]


def _technique(hit: Hit) -> Technique:
    """Letters kept apart are an encoding, too."""
    return Technique.ENCODED_PAYLOAD if hit.glued else hit.rule.technique


def _finding(reading: Reading, hit: Hit, technique: Technique) -> Finding:
    return Finding(technique, reading.field, hit.start, hit.end, hit.rule.weight, hit.rule.id)
