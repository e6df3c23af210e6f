"""What can't be judged is not clean.

SEN-001  a text longer than mail has
SEN-002  a text too long to read at all
SEN-003  bytes or encoded words that can't be decoded
SEN-004  encodings nested too deep
SEN-005  a recipient that is no plain address
"""

import re
from collections.abc import Iterator

from sentinel.canonical.encoded_word import UNDECODABLE
from sentinel.finding import Field, Finding, Technique
from sentinel.reading import MAX_READ, InspectedItem, Reading
from sentinel.rules.rule import MEDIUM, STRONG

MAX_TEXT = 1000  # code points; RFC 5322 2.1.1 allows a line 998, Exchange a subject 255
MAX_ADDRESS = 320  # octets: 64 of the local part, the sign, 255 of the domain (RFC 5321 4.5.3.1)
MAX_DESCRIPTION = 2000  # code points; what an owner may write about a folder

# addr-spec without comments, quotes and blanks; international letters are allowed (RFC 6531), controls aren't.
_ADDRESS = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]{1,64}@[\w-]+(?:\.[\w-]+)*")
_SURROGATE = re.compile("[\ud800-\udfff]")


def detect_limits(item: InspectedItem) -> Iterator[Finding]:
    """Findings about what could not be read, or should not be this long."""
    for reading in item.readings:
        yield from _too_long(reading, len(item.item.texts[reading.field]))
        yield from _unreadable(reading)
    if not all(map(is_address, item.item.recipients)):
        yield Finding(Technique.UNSPECIFIED, Field.UNSPECIFIED, 0, 0, MEDIUM, "SEN-005")


def is_address(text: str) -> bool:
    """True for an addr-spec and nothing else."""
    return len(text) <= MAX_ADDRESS and _ADDRESS.fullmatch(text) is not None


def _too_long(reading: Reading, length: int) -> Iterator[Finding]:
    limit = MAX_DESCRIPTION if reading.field is Field.FOLDER_DESCRIPTION else MAX_TEXT
    if length > MAX_READ:
        yield Finding(Technique.UNSPECIFIED, reading.field, len(reading.text), length, STRONG, "SEN-002")
    elif length > limit:
        yield Finding(Technique.UNSPECIFIED, reading.field, limit, length, MEDIUM, "SEN-001")


def _unreadable(reading: Reading) -> Iterator[Finding]:
    text, length = reading.text, len(reading.text)
    if UNDECODABLE in reading.plain.decoded.text or (not text.isascii() and _SURROGATE.search(text)):
        yield Finding(Technique.UNSPECIFIED, reading.field, 0, length, MEDIUM, "SEN-003")
    if not reading.complete:
        yield Finding(Technique.UNSPECIFIED, reading.field, 0, length, STRONG, "SEN-004")
