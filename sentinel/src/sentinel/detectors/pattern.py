"""Rules in the texts themselves, in what prompts will hold of them, and in the ways to decode them."""

import re
from collections.abc import Iterator, Sequence

from sentinel.canonical.mapped import Mapped
from sentinel.finding import Finding, Technique
from sentinel.reading import InspectedItem, Reading
from sentinel.rules.matcher import Hit, Matcher

MENTION = 1 / 3  # of a rule's weight: two strong rules together then make a review, never a hold and never clean
WORDS_AROUND = 3  # outside of the quotation marks; less is the payload itself, dressed up
_OPENING = frozenset("\"'\u201c\u201e\u2018\u00ab\u201a\u300c")
_CLOSING = frozenset("\"'\u201d\u201c\u2019\u00bb\u2018\u300d")
_WORD = re.compile(r"\w+")


class PatternDetector:
    """Finds what the rules know, field by field."""

    def __init__(self, matcher: Matcher) -> None:
        """Takes the compiled rules."""
        self._matcher = matcher

    def __call__(self, items: Sequence[InspectedItem]) -> Iterator[tuple[int, Finding]]:
        """Findings of every reading; only items in which some rule matches are looked at closely."""
        pages = [[page for reading in item.readings for page in _pages(reading)] for item in items]
        for index in self._matcher.speaking(pages):
            for reading in items[index].readings:
                yield from ((index, finding) for finding in self._findings(reading))

    def _findings(self, reading: Reading) -> Iterator[Finding]:
        plain = self._matcher.hits(reading.plain.canonical)
        if reading.prompt is not None:
            plain += self._matcher.hits(reading.prompt)
        yield from (_finding(reading, hit, _technique(hit), _weight(reading.text, hit)) for hit in plain)
        known = {hit.rule.id for hit in plain}
        for view in reading.views:
            technique = Technique.HIDDEN_CHARACTERS if view.hidden else Technique.ENCODED_PAYLOAD
            hits = self._matcher.hits(view.canonical)
            unknown = (hit for hit in hits if hit.rule.id not in known)
            yield from (_finding(reading, hit, technique, hit.rule.weight) for hit in unknown)


def _pages(reading: Reading) -> list[Mapped]:
    prompt = [] if reading.prompt is None else [reading.prompt]
    return [reading.plain.canonical, *prompt, *(view.canonical for view in reading.views)]


def _technique(hit: Hit) -> Technique:
    """Letters kept apart are an encoding, too."""
    return Technique.ENCODED_PAYLOAD if hit.glued else hit.rule.technique


def is_mention(text: str, hit: Hit) -> bool:
    """Whether the phrase stands in quotation marks inside of a sentence: then it is spoken about, as headlines do."""
    before, after = text[: hit.start].rstrip(), text[hit.end :].lstrip()
    quoted = before[-1:] in _OPENING and after[:1] in _CLOSING and not hit.glued
    return quoted and len(_WORD.findall(before) + _WORD.findall(after)) >= WORDS_AROUND


def _weight(text: str, hit: Hit) -> float:
    return hit.rule.weight * MENTION if is_mention(text, hit) else hit.rule.weight


def _finding(reading: Reading, hit: Hit, technique: Technique, weight: float) -> Finding:
    return Finding(technique, reading.field, hit.start, hit.end, weight, hit.rule.id)
