"""One thing that sentinel found, and the words for how and where.

Guarantees: the numbers of Technique and Field are those of sentinel.proto (a test compares them), so the wire needs no
table. A Finding never carries text of a message: only where to look.
"""

from enum import IntEnum
from typing import NamedTuple


class Technique(IntEnum):
    """How a text tries to get its way. UNSPECIFIED stands for a text that could not be judged."""

    UNSPECIFIED = 0
    OVERRIDE = 1
    ROLE_PLAY = 2
    PROMPT_LEAK = 3
    DELIMITER_SPOOFING = 4
    FOLDER_STEERING = 5
    AGENT_ACTION = 6
    AUTHORITY = 7
    ENCODED_PAYLOAD = 8
    HIDDEN_CHARACTERS = 9
    LOOK_ALIKE_SENDER = 10
    SPLIT_PAYLOAD = 11


class Field(IntEnum):
    """Where a finding lies. JOINED is sender name, one space, subject. UNSPECIFIED is the item as a whole."""

    UNSPECIFIED = 0
    SUBJECT = 1
    SENDER_NAME = 2
    SENDER_ADDRESS = 3
    LIST_ID = 4
    FOLDER_NAME = 5
    FOLDER_DESCRIPTION = 6
    JOINED = 7


class Finding(NamedTuple):
    """A rule that spoke: start and end are code points of the original field, end exclusive; weight is 0 to 1."""

    technique: Technique
    field: Field
    start: int
    end: int
    weight: float
    rule_id: str
