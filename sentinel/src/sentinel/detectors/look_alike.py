"""Senders and words that look like others.

By themselves they are for review: they deceive people, as phishing does, and steer no AI; held is what also says more.

SEN-1001  a word that mixes scripts to look Latin, in the sender's name, address or List-Id
SEN-1002  the same in another text
SEN-1003  a well-known name spelled with foreign letters or digits, in the sender's name or address
SEN-1004  an international domain whose letters mix scripts
"""

import re
from collections.abc import Iterator

from sentinel.canonical.confusable import imitations
from sentinel.canonical.mapped import Mapped
from sentinel.finding import Field, Finding, Technique
from sentinel.reading import InspectedItem, Reading
from sentinel.rules.rule import FIRM, STRONG

MIXED = 0.4  # weight: just for review, also when sender and subject both do it

_SENDER = frozenset({Field.SENDER_NAME, Field.SENDER_ADDRESS, Field.LIST_ID})
_PUNYCODE = re.compile(r"xn--[a-z0-9-]{2,59}")
# Names that are imitated most; a word of ours, not of any list. Compared as whole words.
_NAMES = frozenset({
    "paypal", "microsoft", "google", "apple", "amazon", "netflix", "outlook", "office365", "facebook", "instagram",
    "linkedin", "docusign", "dropbox", "whatsapp", "icloud", "gmail", "adobe", "coinbase", "binance", "openai",
    "anthropic", "administrator", "admin", "support", "security", "helpdesk", "postmaster", "mastercard", "visa",
    "fedex", "onedrive", "sharepoint", "teams",
})  # fmt: skip
_WORD = re.compile(r"\w+")
_DIGIT = re.compile("[013457]")
_DIGITS = str.maketrans("013457", "oleast")


def detect_look_alikes(item: InspectedItem) -> Iterator[Finding]:
    """Findings about letters that pose as others."""
    for reading in item.readings:
        yield from _mixed_words(reading)
        if reading.field in _SENDER:
            yield from _imitated_names(reading)
            yield from _mixed_domains(reading)


def _mixed_words(reading: Reading) -> Iterator[Finding]:
    decoded = reading.plain.decoded
    spans = imitations(decoded.text)
    sender = reading.field in _SENDER
    for span in spans:
        yield _finding(reading, decoded, span, MIXED, "SEN-1001" if sender else "SEN-1002")


def _imitated_names(reading: Reading) -> Iterator[Finding]:
    """A name that is only there once look-alikes are read as what they look like."""
    if reading.text.isascii() and not _DIGIT.search(reading.text):
        return
    canonical, seen = reading.plain.canonical, reading.plain.decoded.text.lower()
    for word in _WORD.finditer(canonical.text):
        plain = word[0].translate(_DIGITS)
        if plain in _NAMES and plain != word[0]:
            yield _finding(reading, canonical, word.span(), FIRM, "SEN-1003")
        elif plain in _NAMES and not reading.text.isascii() and plain not in seen:
            yield _finding(reading, canonical, word.span(), STRONG, "SEN-1003")


def _mixed_domains(reading: Reading) -> Iterator[Finding]:
    canonical = reading.plain.canonical
    if "xn--" not in canonical.text:
        return
    for label in _PUNYCODE.finditer(canonical.text):
        shown = _from_punycode(label[0])
        if imitations(shown):
            yield _finding(reading, canonical, label.span(), FIRM, "SEN-1004")


def _from_punycode(label: str) -> str:
    try:
        return label.removeprefix("xn--").encode().decode("punycode").lower()
    except UnicodeError:
        return ""


def _finding(reading: Reading, page: Mapped, span: tuple[int, int], weight: float, rule_id: str) -> Finding:
    start, end = page.span(*span)
    return Finding(Technique.LOOK_ALIKE_SENDER, reading.field, start, end, weight, rule_id)
