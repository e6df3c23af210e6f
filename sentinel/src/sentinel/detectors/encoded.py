"""Prose inside an opaque encoding: nobody writes a subject in base64 for people to read.

SEN-801  readable words in base64, base32, hex, character codes or Morse
"""

from collections.abc import Iterator

from sentinel.finding import Finding, Technique
from sentinel.reading import InspectedItem
from sentinel.rules.rule import FIRM, STRONG

_LEAST_WORDS = 3  # of prose that is held; one word is no prose: a ticket number often decodes to one


def detect_encoded(item: InspectedItem) -> Iterator[Finding]:
    """A finding for every stretch that decodes to words."""
    for reading in item.readings:
        for start, end, text in reading.opened:
            weight = STRONG if len(text.split()) >= _LEAST_WORDS else FIRM
            yield Finding(Technique.ENCODED_PAYLOAD, reading.field, start, end, weight, "SEN-801")
