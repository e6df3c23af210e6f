"""What the classifier says about one message: a folder or none, how sure, by which engine and why."""

from dataclasses import dataclass
from enum import Enum


class Engine(Enum):
    """Who chose."""

    NONE = "none"
    LEARNED = "learned"
    PROVIDER = "provider"


class Reason(Enum):
    """The strongest signal behind a choice."""

    NOTHING_LEARNED = "nothing_learned"
    SENDER = "sender"
    THREAD = "thread"
    DOMAIN = "domain"
    RECIPIENTS = "recipients"
    WORDS = "words"
    PROVIDER = "provider"
    WELL_KNOWN = "well_known"


@dataclass(frozen=True, slots=True)
class Choice:
    """folder is an index into the folders that were offered, or None. confidence is 0 to 1, calibrated."""

    folder: int | None
    confidence: float
    engine: Engine
    reason: Reason


ABSTAINED = Choice(None, 0.0, Engine.NONE, Reason.NOTHING_LEARNED)
