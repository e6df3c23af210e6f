"""Characters that nobody sees, where nobody needs them. Rules read the text without them; this reports them.

SEN-901  tag characters outside an emoji flag (invisible ASCII)
SEN-902  runs of variation selectors (bytes behind an emoji)
SEN-903  text turned round by a bidi override
SEN-904  zero-width characters inside Latin words
SEN-905  stacks of combining marks
SEN-906  ASCII control characters (those of Latin-1 are the debris of old Windows quotation marks)
"""

import re
from collections.abc import Iterator

from sentinel.canonical.stack import MAX_MARKS, joins
from sentinel.canonical.tag import hidden_runs
from sentinel.finding import Finding, Technique
from sentinel.reading import InspectedItem, Reading
from sentinel.rules.rule import FIRM, MEDIUM, STRONG, WEAK
from sentinel.views.smuggled import RUN

Span = tuple[int, int]

_OVERRIDE = re.compile("[\u202d\u202e][^\u202c]{2,}")
# Between letters that never need them: zero-width space, joiners, no-break, word joiner, invisible operators, CGJ.
_INSIDE = re.compile("(?<=[a-zA-Z])[\u200b-\u200f\u2060-\u2064\ufeff\u034f\u180e\u3164\u115f\u1160\uffa0]+(?=[a-zA-Z])")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FEW = 1  # zero-width places: one may be a soft line break that a newsletter left behind
_MANY = 3  # zero-width places: nobody breaks that many words by accident


def detect_hidden(item: InspectedItem) -> Iterator[Finding]:
    """Findings about what can't be seen."""
    for reading in item.readings:
        if not (reading.text.isascii() and reading.text.isprintable()):
            yield from _hidden(reading)


def _hidden(reading: Reading) -> Iterator[Finding]:
    text = reading.text
    inside = _spans(_INSIDE, text)
    yield from _report(reading, "SEN-901", STRONG, hidden_runs(text))
    yield from _report(reading, "SEN-902", STRONG, _spans(RUN, text))
    yield from _report(reading, "SEN-903", FIRM, _spans(_OVERRIDE, text))
    yield from _report(reading, "SEN-904", _inside_weight(len(inside)), inside)
    yield from _report(reading, "SEN-905", MEDIUM, _stacks(text))
    yield from _report(reading, "SEN-906", MEDIUM, _spans(_CONTROL, text))


def _inside_weight(places: int) -> float:
    if places <= _FEW:
        return WEAK
    return STRONG if places > _MANY else MEDIUM


def _report(reading: Reading, rule_id: str, weight: float, spans: list[Span]) -> Iterator[Finding]:
    """One finding a rule, over all its places: hundreds of zero-width spaces are one trick."""
    if spans:
        yield Finding(Technique.HIDDEN_CHARACTERS, reading.field, spans[0][0], spans[-1][1], weight, rule_id)


def _spans(pattern: re.Pattern[str], text: str) -> list[Span]:
    return [match.span() for match in pattern.finditer(text)]


def _stacks(text: str) -> list[Span]:
    spans, height = [], 0
    for index, character in enumerate(text):
        height = height + 1 if joins(character) else 0
        if height == MAX_MARKS + 1:
            spans.append((index - MAX_MARKS, index + 1))
    return spans
