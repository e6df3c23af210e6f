"""Four engines to be better than, as small as they can be said. numpy only; each answers a message, then learns it.

Each has choose(row) -> folder or None, and learn(row, folder). A row is a dict as in the foldering streams.
"""

import math
import re
from collections import Counter, defaultdict
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Row = dict[str, Any]
MOST_CLASSES = 512
WIDTH = 1 << 15  # hashed words of the nearest neighbours
NEIGHBOURS = 9
_WORD = re.compile(r"[\w#$&]+")


class Engine(Protocol):
    """What a bench asks of each."""

    def choose(self, row: Row) -> str | None:
        """The folder, or None while nothing was learned."""

    def learn(self, row: Row, folder: str) -> None:
        """Learns one filing."""


def words(row: Row) -> list[str]:
    """Sender, its domain, recipients, and the words of the name and of the subject with # for digits."""
    sender, subject = (row.get("from_address") or "").lower(), re.sub(r"\d", "#", (row.get("subject") or "").lower())
    people = [f"to:{each.lower()}" for each in [*(row.get("to") or ()), *(row.get("cc") or ())][:40]]
    named = [f"name:{word}" for word in _WORD.findall((row.get("from_name") or "").lower())]
    return [f"from:{sender}", f"at:{sender.rpartition('@')[2]}", *people, *named, *_WORD.findall(subject)]


class Majority:
    """The fullest folder, whatever the message."""

    def __init__(self) -> None:
        self._filed: Counter[str] = Counter()

    def choose(self, row: Row) -> str | None:  # noqa: ARG002  # the same for all
        """The fullest folder."""
        return max(self._filed, key=lambda folder: self._filed[folder], default=None)

    def learn(self, row: Row, folder: str) -> None:  # noqa: ARG002  # the same for all
        """Counts."""
        self._filed[folder] += 1


class SenderLast(Majority):
    """Where the last mail of this sender went; the fullest folder for a stranger."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, str] = {}

    def choose(self, row: Row) -> str | None:
        """The sender's last folder."""
        return self._last.get((row.get("from_address") or "").lower()) or super().choose(row)

    def learn(self, row: Row, folder: str) -> None:
        """Remembers."""
        super().learn(row, folder)
        self._last[(row.get("from_address") or "").lower()] = folder


class NaiveBayes:
    """Multinomial, over words(row), with Lidstone smoothing."""

    def __init__(self, smoothing: float = 0.1) -> None:
        self._smoothing = smoothing
        self._counts: dict[str, NDArray[np.float64]] = defaultdict(lambda: np.zeros(MOST_CLASSES))
        self._folders: list[str] = []
        self._filed, self._words = np.zeros(MOST_CLASSES), np.zeros(MOST_CLASSES)

    def choose(self, row: Row) -> str | None:
        """The likeliest folder."""
        if not self._folders:
            return None
        known = len(self._folders)
        score = np.log(self._filed[:known])
        room = np.log(self._words[:known] + self._smoothing * len(self._counts))
        for word in words(row):
            if word in self._counts:
                score = score + np.log(self._counts[word][:known] + self._smoothing) - room
        return self._folders[int(score.argmax())]

    def learn(self, row: Row, folder: str) -> None:
        """Counts words."""
        if folder not in self._folders:
            self._folders.append(folder)
        at = self._folders.index(folder)
        self._filed[at] += 1
        for word in words(row):
            self._counts[word][at] += 1
            self._words[at] += 1


class Nearest:
    """The folders of the most alike messages, by the cosine of tf-idf over words(row)."""

    def __init__(self) -> None:
        self._seen = np.ones(WIDTH)
        self._posted: dict[int, list[tuple[int, float]]] = defaultdict(list)
        self._folders: list[str] = []

    def choose(self, row: Row) -> str | None:
        """The folder with the largest sum of similarities among NEIGHBOURS."""
        alike: dict[int, float] = defaultdict(float)
        for word, weight in self._vector(row):
            for other, other_weight in self._posted[word]:
                alike[other] += weight * other_weight
        votes: dict[str, float] = defaultdict(float)
        for other in sorted(alike, key=lambda each: -alike[each])[:NEIGHBOURS]:
            votes[self._folders[other]] += alike[other] ** 2
        return max(votes, key=lambda folder: votes[folder], default=None)

    def learn(self, row: Row, folder: str) -> None:
        """Keeps the message's vector."""
        for word, weight in self._vector(row):
            self._posted[word].append((len(self._folders), weight))
            self._seen[word] += 1
        self._folders.append(folder)

    def _vector(self, row: Row) -> list[tuple[int, float]]:
        found = Counter(_hash(word) for word in words(row))
        weights = {word: times * math.log(1 + len(self._folders) / self._seen[word]) for word, times in found.items()}
        length = math.sqrt(sum(weight**2 for weight in weights.values())) or 1.0
        return [(word, weight / length) for word, weight in weights.items()]


def _hash(word: str) -> int:
    """The same in every process, unlike hash()."""
    value = 0
    for byte in word.encode():
        value = (value * 131 + byte) % WIDTH
    return value
