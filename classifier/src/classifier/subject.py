"""The normalised subject: what stays the same through a conversation. Pure.

Reply and forward prefixes are taken off in the languages Outlook writes them in, digits become #, case and white space
are folded. It stands in for Graph's conversationId, which never crosses the wire.
"""

import re
from unicodedata import normalize

MAX_SUBJECT = 256  # code points that are read; bounds the features of one message, longest line a client shows whole

# Reply and forward marks as Outlook, Gmail and Notes write them: English, German, Dutch,
# Scandinavian, Finnish, French, Italian, Spanish, Portuguese, Polish, Czech, Turkish, Hungarian, Chinese.
_MARKS = (
    "re|r|fw|fwd|aw|wg|antw|doorst|sv|vs|vb|vl|ref|tr|rif|i|res|enc|rv|rm|odp|pd|pred|ynt|ilt|továbbítás|vá|"
    "回复|回覆|答复|转发|轉寄"
)
_PREFIX = re.compile(rf"(?:\s*(?:{_MARKS})\s*(?:\[\d+\]|\(\d+\)|\^\d+)?\s*:)+\s*")
_DIGIT = re.compile(r"\d")
_BLANK = re.compile(r"\s+")


def normalise(subject: str | None) -> str:
    """The subject without prefixes, digits and case; "" when there is none."""
    text = normalize("NFKC", (subject or "")[:MAX_SUBJECT]).lower()[:MAX_SUBJECT]  # NFKC may lengthen it
    prefix = _PREFIX.match(text)
    bare = text[prefix.end() :] if prefix else text
    return _BLANK.sub(" ", _DIGIT.sub("#", bare)).strip()
