"""A message as the engine sees it: hashed tokens, their groups and how loud each is. Holds no text. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifier.feature_key import FeatureKey
from classifier.features import Group, letter, tokens
from classifier.gate import Cleared
from classifier.table import Floats, Ints

_SIZES: Final = np.array([0.0, *(1.0 / np.sqrt(np.arange(1, 513)))], np.float32)  # by tokens of one group


@dataclass(frozen=True, slots=True)
class Marks:
    """keys and groups: those of MEMORY_GROUPS first. shares: 1 / sqrt(tokens of that group). letter: of the copies."""

    keys: tuple[int, ...]
    groups: Ints
    shares: Floats
    letter: int


def marks(message: Cleared, key: FeatureKey) -> Marks:
    """Hashes a cleared message under this key."""
    found = tokens(message)
    *hashed, copied = key.features([*found, (Group.LETTER, letter(message))])
    groups = np.frombuffer(bytes([group for group, _ in found]), np.uint8).astype(np.int64)  # np.array takes thrice
    return Marks(tuple(hashed), groups, shares(groups), copied)


def shares(groups: Ints | Sequence[int]) -> Floats:
    """So that many tokens of one kind don't outvote a few of another: each speaks with 1 / sqrt(how many they are)."""
    found: Floats = _SIZES[np.bincount(groups, minlength=len(Group))[groups]]
    return found
