"""A call before and after a provider was asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from classifier.choice import Choice
from classifier.gate import Cleared, ClearedExample, ClearedFolder
from classifier.provider.purse import Amount


@dataclass(frozen=True, slots=True)
class Judged:
    """A call as the learned engine left it: a choice for each message, and what a prompt may be composed of."""

    messages: Sequence[Cleared]
    folders: Sequence[ClearedFolder]
    examples: Sequence[ClearedExample]
    choices: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class Improved:
    """The choices as they are now, and what they cost."""

    choices: list[Choice]
    spent: Amount
