"""What the learned engine sees of a message: tokens in groups. Pure, and built from a Cleared message only.

Guarantees: the first tokens are those of MEMORY_GROUPS, in that order, one each; the number of tokens is bounded
whatever the message holds; the order depends on nothing but the text. Must never take a text that isn't Cleared.
"""

import re
from collections.abc import Iterable
from enum import IntEnum
from itertools import pairwise

from classifier.gate import Cleared
from classifier.subject import normalise

MAX_WORDS = 40  # of a subject; covers MAX_SUBJECT in nearly every mail
MAX_NAME = 256  # code points of a display name that are read
MAX_NAME_WORDS = 8  # of a display name
MAX_LIST_WORDS = 8  # of a list's id
MAX_RECIPIENT_TOKENS = 32  # single recipients; a long list is one token, the set, anyhow
STEM = 5  # letters of a longer word that stand for it: as good as character 4-grams, at a fifth of the features

_WORD = re.compile(r"[\w#$&]+")
_COUNTS = ((0, "0"), (1, "1"), (2, "2"), (3, "3"), (4, "4"), (9, "5-9"), (19, "10-19"))


class Group(IntEnum):
    """Kinds of tokens. The numbers are hashed into profiles: append only, and raise the engine version on a change."""

    SENDER = 0
    THREAD = 1
    DOMAIN = 2
    RECIPIENT_SET = 3
    NAME = 4
    WORD = 5
    PAIR = 6
    FIRST = 7
    STEM = 8
    RECIPIENT = 9
    PERSON = 10
    COUNT = 11
    SENDER_COUNT = 12
    LIST = 13
    LAST_SENDER = 14
    LAST_THREAD = 15
    LAST_DOMAIN = 16
    LAST_RECIPIENT_SET = 17
    BIAS = 18
    COPY = 19
    LETTER = 20


MEMORY_GROUPS = (Group.SENDER, Group.THREAD, Group.DOMAIN, Group.RECIPIENT_SET)
LAST_GROUPS = (Group.LAST_SENDER, Group.LAST_THREAD, Group.LAST_DOMAIN, Group.LAST_RECIPIENT_SET)

Token = tuple[Group, str]


def tokens(message: Cleared) -> list[Token]:
    """The tokens of one message, those of MEMORY_GROUPS first; tokens of one group stand together."""
    text = message.text
    sender = (text.sender_address or "").lower()
    subject = normalise(text.subject)
    recipients = sorted({address.lower() for address in text.recipients})
    list_id = (text.list_id or "").lower()
    return [
        (Group.SENDER, sender),
        (Group.THREAD, subject),
        (Group.DOMAIN, sender.rpartition("@")[2]),
        (Group.RECIPIENT_SET, list_id or " ".join(recipients)),  # whom it is for: a list, where there is one
        *_of(Group.NAME, _WORD.findall((text.sender_name or "")[:MAX_NAME].lower())[:MAX_NAME_WORDS]),
        *_subject_tokens(subject),
        *_of(Group.RECIPIENT, recipients[:MAX_RECIPIENT_TOKENS]),
        *_of(Group.PERSON, [sender, *recipients[:MAX_RECIPIENT_TOKENS]]),
        *_count_tokens(sender, len(text.recipients)),
        *_of(Group.LIST, _list_tokens(list_id)),
    ]


def letter(message: Cleared) -> str:
    """What only copies of one message share: sender, subject and recipients, as they are."""
    text = message.text
    recipients = sorted({address.lower() for address in text.recipients})
    return "\n".join(((text.sender_address or "").lower(), (text.subject or "").lower(), *recipients))


def _subject_tokens(subject: str) -> list[Token]:
    words = _WORD.findall(subject)[:MAX_WORDS]
    return [
        *_of(Group.WORD, words),
        *_of(Group.PAIR, [f"{one} {two}" for one, two in pairwise(words)]),
        *_of(Group.FIRST, words[:1]),
        *_of(Group.STEM, [word[:STEM] for word in words if len(word) > STEM]),
    ]


def _count_tokens(sender: str, recipients: int) -> list[Token]:
    band = next((name for most, name in _COUNTS if recipients <= most), "20+")
    return [(Group.COUNT, band), (Group.SENDER_COUNT, f"{sender} {band}")]


def _list_tokens(list_id: str) -> list[str]:
    """The list, who runs it, and the words of both; numbers of single mailings say nothing."""
    if not list_id:
        return []
    words = [word for word in _WORD.findall(list_id) if not any(map(str.isdigit, word))]
    return [list_id, list_id.partition(".")[2], *words[:MAX_LIST_WORDS]]


def _of(group: Group, texts: Iterable[str]) -> list[Token]:
    """Each text once, in the order of first sight (a set's order would change from run to run)."""
    return [(group, text) for text in dict.fromkeys(texts)]
