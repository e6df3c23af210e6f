"""Ids as Exchange makes them: long, URL-safe base64, told apart by letter case alone.

Guarantees that a default id and an immutable id never look alike, and that some immutable ids differ from another in
the case of one letter only, as Exchange's may: whoever compares them without regard to case loses mail here first.
"""

import secrets

DEFAULT_PREFIX = "AAMkAGSandbox"
IMMUTABLE_PREFIX = "AAkALgAAAAAASandbox"
FOLDER_PREFIX = "AQMkAGSandbox"
RANDOM_BYTES = 24
TWIN_EVERY = 50  # each 50th message is a case twin of the one before it


def default_id() -> str:
    """A message id that holds until the message moves."""
    return f"{DEFAULT_PREFIX}{secrets.token_urlsafe(RANDOM_BYTES)}AAA="


def immutable_id() -> str:
    """A message id that holds while the message is in its mailbox. Ends in a letter, so it can have a case twin."""
    return f"{IMMUTABLE_PREFIX}{secrets.token_urlsafe(RANDOM_BYTES)}AAAa"


def case_twin(identifier: str) -> str:
    """The same immutable id but for the case of its last letter."""
    return identifier[:-1] + identifier[-1].swapcase()


def folder_id() -> str:
    """A mailFolder id; it never changes."""
    return f"{FOLDER_PREFIX}{secrets.token_urlsafe(RANDOM_BYTES)}AAA="
