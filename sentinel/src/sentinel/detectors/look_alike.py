"""Senders and words that look like others.

  SEN-1001  a word that mixes scripts to look Latin, in the sender's name, address or List-Id
  SEN-1002  the same in another text
  SEN-1003  a well-known name spelled with foreign letters or digits, in the sender's name or address
  SEN-1004  an international domain whose letters mix scripts
"""

import re
from collections.abc import Iterator

from sentinel.canonical.confusable import FOREIGN, look_alike_words
from sentinel.canonical.mapped import Mapped
from sentinel.canonical.fold import fold
from sentinel.finding import Field, Finding, Technique
from sentinel.reading import InspectedItem, Reading
from sentinel.rules.rule import FIRM, STRONG

_SENDER = frozenset({Field.SENDER_NAME, Field.SENDER_ADDRESS, Field.LIST_ID})
# Science writes Greek in Latin words (a μm, a ΔT); Cyrillic, Armenian and Cherokee have no such use.
_POSING = re.compile("[\u0400-\u058f\u13a0-\u13ff\uab70-\uabbf]")
_LATIN = re.compile("[a-z]")
_LEAST_LETTERS = 4  # of a word; short ones are model numbers and typing slips
_PUNYCODE = re.compile(r"xn--[a-z0-9-]{2,59}")
# Names that are imitated most; a word of ours, not of any list. Compared as whole words.
_NAMES = frozenset({
    "paypal", "microsoft", "google", "apple", "amazon", "netflix", "outlook", "office365", "facebook", "instagram", "linkedin",
    "docusign", "dropbox", "whatsapp", "icloud", "gmail", "adobe", "coinbase", "binance", "openai", "anthropic", "administrator",
    "admin", "support", "security", "helpdesk", "postmaster", "mastercard", "visa", "fedex", "onedrive", "sharepoint", "teams",
})  # fmt: skip
_WORD = re.compile(r"\w+")
_DIGITS = str.maketrans("013457", "oleast")


def detect_look_alikes(item: InspectedItem) -> Iterator[Finding]:
    """Findings about letters that pose as others."""
    for reading in item.readings:
        yield from _mixed_words(reading)
        if reading.field in _SENDER:
            yield from _imitated_names(reading)
            yield from _mixed_domains(reading)


def _mixed_words(reading: Reading) -> Iterator[Finding]:
    if reading.text.isascii():
        return
    folded = fold(reading.plain.decoded)
    for start, end in look_alike_words(folded.text):
        word = folded.text[start:end]
        if len(word) >= _LEAST_LETTERS and _POSING.search(word) and _LATIN.search(word) and _reads_latin(word):
            sender = reading.field in _SENDER
            rule_id, weight = ("SEN-1001", STRONG) if sender else ("SEN-1002", FIRM)
            yield _finding(reading, folded, (start, end), weight, rule_id)


def _reads_latin(word: str) -> bool:
    """A slip of the keyboard leaves letters that look like nothing Latin; an imitation doesn't."""
    return all(letter.isascii() or letter in FOREIGN for letter in word)


def _imitated_names(reading: Reading) -> Iterator[Finding]:
    """A name that is only there once look-alikes are read as what they look like."""
    canonical, seen = reading.plain.canonical, reading.plain.decoded.text.lower()
    for word in _WORD.finditer(canonical.text):
        plain = word[0].translate(_DIGITS)
        if plain in _NAMES and plain != word[0]:
            yield _finding(reading, canonical, word.span(), FIRM, "SEN-1003")
        elif plain in _NAMES and not reading.text.isascii() and plain not in seen:
            yield _finding(reading, canonical, word.span(), STRONG, "SEN-1003")


def _mixed_domains(reading: Reading) -> Iterator[Finding]:
    canonical = reading.plain.canonical
    for label in _PUNYCODE.finditer(canonical.text):
        shown = _from_punycode(label[0])
        if look_alike_words(shown) and _POSING.search(shown):
            yield _finding(reading, canonical, label.span(), FIRM, "SEN-1004")


def _from_punycode(label: str) -> str:
    try:
        return label.removeprefix("xn--").encode().decode("punycode").lower()
    except UnicodeError:
        return ""


def _finding(reading: Reading, page: Mapped, span: tuple[int, int], weight: float, rule_id: str) -> Finding:
    start, end = page.span(*span)
    return Finding(Technique.LOOK_ALIKE_SENDER, reading.field, start, end, weight, rule_id)
