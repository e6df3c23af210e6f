"""What an endpoint answered, read as an enemy's. Pure.

Guarantees: a choice is one of the prompt's own ids, with a confidence in tenths; everything else, in whole or in part,
is a reason to abstain. Nothing of an answer's text goes on: it is in no value, no error and no log.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from classifier.provider.template import NO_FOLDER, Safe

MAX_BYTES: Final = 65_536  # of a response; a right one has some hundred
MAX_CONTENT: Final = 256  # characters of the model's own text; a right one has forty
MOST_SURE: Final = 0.9  # a provider's word is never certainty
_STEPS: Final = 10  # confidence in tenths: a number with more digits could carry a message out
_KEYS: Final = {"folder", "confidence"}


class Abstained(Enum):
    """Why an answer is none. A closed set: these words are logged and counted."""

    GARBLED = "garbled"  # no completion at all: the endpoint is broken, or it is no such endpoint
    REFUSED = "refused"
    TRUNCATED = "truncated"
    FILTERED = "filtered"
    PROSE = "prose"
    UNKNOWN_ID = "unknown_id"
    NO_NUMBER = "no_number"


@dataclass(frozen=True, slots=True)
class Chosen:
    """An index into the folders of the prompt, or None for "none"; how sure, 0 to MOST_SURE."""

    folder: int | None
    confidence: float


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as the endpoint counts them."""

    prompt: int
    answer: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, and what it cost if it said so."""

    answer: Chosen | Abstained
    usage: Usage | None


class _Unusable(ValueError):
    """A document that is none of ours. Carries nothing."""


def read(raw: bytes, ids: Sequence[Safe]) -> Reply:
    """The answer in a chat completion's bytes."""
    try:
        document = _parsed(raw)
        (choice,) = document["choices"]
        return Reply(_answer(choice, ids), _usage(document.get("usage")))
    except (_Unusable, KeyError, TypeError, ValueError, AttributeError):
        return Reply(Abstained.GARBLED, None)


def _answer(choice: dict[str, Any], ids: Sequence[Safe]) -> Chosen | Abstained:
    message, finish = choice["message"], choice["finish_reason"]
    if message.get("refusal") or message.get("tool_calls"):
        return Abstained.REFUSED
    if finish == "content_filter":
        return Abstained.FILTERED
    if finish != "stop":
        return Abstained.TRUNCATED
    return _content(message["content"], ids)


def _content(content: object, ids: Sequence[Safe]) -> Chosen | Abstained:
    if not isinstance(content, str) or len(content) > MAX_CONTENT:
        return Abstained.PROSE
    try:
        found = _parsed(content.encode())
    except ValueError:
        return Abstained.PROSE
    return _chosen(found, ids) if found.keys() == _KEYS else Abstained.PROSE


def _chosen(found: dict[str, Any], ids: Sequence[Safe]) -> Chosen | Abstained:
    folder, confidence = found["folder"], found["confidence"]
    if not isinstance(folder, str) or folder not in ids:
        return Abstained.UNKNOWN_ID
    if not _is_share(confidence):
        return Abstained.NO_NUMBER
    sure = min(math.floor(confidence * _STEPS) / _STEPS, MOST_SURE)
    return Chosen(None if folder == NO_FOLDER else ids.index(Safe(folder)), sure)


def _is_share(value: object) -> bool:
    """A number from 0 to 1; True is none, and neither is NaN."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0.0 <= value <= 1.0


def _usage(found: object) -> Usage | None:
    if not isinstance(found, dict):
        return None
    counts = (found.get("prompt_tokens"), found.get("completion_tokens"))
    prompt, answer = (count if type(count) is int and count >= 0 else -1 for count in counts)
    return Usage(prompt, answer) if min(prompt, answer) >= 0 else None


def _parsed(raw: bytes) -> dict[str, Any]:
    """One JSON object without repeated keys, NaN or infinity."""
    try:
        found = json.loads(raw, object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError:
        raise _Unusable from None
    if not isinstance(found, dict):
        raise _Unusable
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Unusable
    return found


def _refuse(_: str) -> None:
    raise _Unusable
