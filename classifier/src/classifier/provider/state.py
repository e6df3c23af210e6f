"""How the provider is, as far as anybody has seen."""

from enum import Enum


class State(Enum):
    """A closed set: these words are logged and shown."""

    OFF = "off"
    UNKNOWN = "unknown"
    READY = "ready"
    UNENFORCED = "unenforced"
    UNREACHABLE = "unreachable"
    RESTING = "resting"
