"""What a folder's own name says about a message, before anything was filed there. Pure.

The share of a name's (or description's) letter groups that a message's subject and sender hold, where those that few
folders have count most. Weak by design: a hint for folders that hold little, never enough for a move by itself.
Guarantees: 0 to 1 for each folder; bounded work. Must never take a text that isn't cleared, or keep one.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

from classifier.gate import Cleared, ClearedFolder
from classifier.table import Doubles

GRAM = 4
LEAST = 3  # letters of a word that is read
MAX_TEXT = 256  # code points of one field that are read
_MOST_KNOWN = 16_384  # words whose letter groups are kept while the call lasts

_WORD: Final = re.compile(r"[^\W_]+")
_Weights = dict[str, list[tuple[int, float]]]  # letter group to (folder, share of its name)


def letter_groups(text: str | None) -> set[str]:
    """All runs of GRAM letters in the words of a text; a word of LEAST letters is one."""
    return {group for word in words(text) for group in _runs(word)}


def words(text: str | None) -> set[str]:
    """The words of a text that are read."""
    return {word for word in _WORD.findall((text or "")[:MAX_TEXT].lower()) if len(word) >= LEAST}


def _runs(word: str) -> list[str]:
    return [word[at : at + GRAM] for at in range(max(1, len(word) - GRAM + 1))]


class FolderNames:
    """The names and descriptions of the folders of one request. Keeps what it looked up."""

    def __init__(self, folders: Sequence[ClearedFolder]) -> None:
        self._folders = len(folders)
        self._fields = tuple(
            _weights([letter_groups(text) for text in texts])
            for texts in ([each.text.name for each in folders], [each.text.description for each in folders])
        )
        self._named = frozenset().union(*self._fields)
        self._known: dict[str, frozenset[str]] = {}

    def hints(self, message: Cleared) -> Doubles:
        """How much of each folder's name or description the message holds. Shape (folders,), 0 to 1."""
        text = message.text
        said = words(text.subject) | words(text.sender_name) | words(text.sender_address)
        seen = set[str]().union(*map(self._of, said))
        if not seen:
            return np.zeros(self._folders)
        found = [_held(weights, seen, self._folders) for weights in self._fields]
        hints: Doubles = np.minimum(np.maximum(*found), 1.0) ** 2  # half a name is far less than half of the evidence
        return hints

    def _of(self, word: str) -> frozenset[str]:
        """The letter groups of a word that a folder has. Mail repeats itself, so they are looked up once a call."""
        known = self._known.get(word)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[word] = self._named.intersection(_runs(word))
        return known


def _weights(names: Sequence[set[str]]) -> _Weights:
    """What each letter group is worth to each folder that has it: what all folders have, next to nothing."""
    common = Counter(group for name in names for group in name)
    worth = {group: math.log((1 + len(names)) / count) for group, count in common.items()}
    weights: _Weights = {group: [] for group in common}
    for index, name in enumerate(names):
        total = sum(worth[group] for group in sorted(name))
        for group in name:
            weights[group].append((index, worth[group] / total))
    return weights


def _held(weights: _Weights, seen: set[str], folders: int) -> Doubles:
    held = np.zeros(folders)
    for group in sorted(seen & weights.keys()):
        for index, share in weights[group]:
            held[index] += share
    return held
