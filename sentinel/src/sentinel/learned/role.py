"""Where a text stands. Each place has weights of its own: what is odd in a sender's name may be usual in a subject."""

from enum import IntEnum


class Role(IntEnum):
    """Sender name, subject, or both read as one."""

    SUBJECT = 0
    SENDER = 1
    JOINED = 2
