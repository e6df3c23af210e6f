"""Five engines to be better than, as small as they can be said. numpy only; each answers a message, then learns it.

Each has choose(row) -> folder or None, and learn(row, folder). A row is a dict as in the foldering streams.
"""

import math
import re
from collections import Counter, defaultdict
from itertools import pairwise
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
        return self._folders[int(self.scores(row).argmax())] if self._folders else None

    def scores(self, row: Row) -> NDArray[np.float64]:
        """Log likelihoods, but for a constant, of the folders in the order in which they came."""
        known = len(self._folders)
        score: NDArray[np.float64] = np.log(self._filed[:known])
        room = np.log(self._words[:known] + self._smoothing * len(self._counts))
        for word in words(row):
            if word in self._counts:
                score = score + np.log(self._counts[word][:known] + self._smoothing) - room
        return score

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


class Combined:
    """C2: a softmax that also sees where mail like this went last, naive Bayes, the sender's and the thread's folders.

    A product of the four, each to a power that is learned online. It keeps words in the clear and grows without end.
    """

    RATE, POOL_RATE, FLOOR = 0.3, 0.005, 1e-4

    def __init__(self) -> None:
        self._folders: list[str] = []
        self._weights: dict[str, NDArray[np.float64]] = defaultdict(lambda: np.zeros(MOST_CLASSES))
        self._squares: dict[str, NDArray[np.float64]] = defaultdict(lambda: np.full(MOST_CLASSES, 1e-8))
        self._bayes = NaiveBayes()
        self._last: dict[str, int] = {}
        self._filed: dict[str, NDArray[np.float64]] = defaultdict(lambda: np.zeros(MOST_CLASSES))
        self._powers = np.array([0.7, 0.3, 0.15, 0.15])

    def choose(self, row: Row) -> str | None:
        """The folder with the largest product."""
        if not self._folders:
            return None
        return self._folders[int((self._powers @ self._opinions(row)).argmax())]

    def learn(self, row: Row, folder: str) -> None:
        """Powers first, by what each would have said; then each learns."""
        if folder not in self._folders:
            self._folders.append(folder)
        at = self._folders.index(folder)
        if len(self._folders) > 1:
            self._learn_powers(row, at)
        self._learn_softmax(row, at)
        self._bayes.learn(row, folder)
        for key in _memories(row):
            self._last[key] = at
            self._filed[key][at] += 1

    def _opinions(self, row: Row) -> NDArray[np.float64]:
        """Log probabilities of the four, a row each."""
        sender, thread = _memories(row)[:2]
        parts = [self._softmax(row), self._naive(row), self._counted(sender), self._counted(thread)]
        return np.log(np.maximum(np.array(parts), self.FLOOR))

    def _softmax(self, row: Row) -> NDArray[np.float64]:
        known = len(self._folders)
        return _normal(sum((self._weights[token][:known] for token in self._tokens(row)), np.zeros(known)))

    def _naive(self, row: Row) -> NDArray[np.float64]:
        scores = self._bayes.scores(row)
        return _normal(np.pad(scores, (0, len(self._folders) - len(scores)), constant_values=scores.min()))

    def _counted(self, key: str) -> NDArray[np.float64]:
        filed = self._filed[key][: len(self._folders)] + 1 / len(self._folders)
        return np.asarray(filed / filed.sum())

    def _tokens(self, row: Row) -> list[str]:
        subject = _WORD.findall(re.sub(r"\d", "#", (row.get("subject") or "").lower()))
        pairs = [f"{one} {two}" for one, two in pairwise(subject)]
        remembered = [
            f"last:{place}:{self._last[key]}" for place, key in enumerate(_memories(row)) if key in self._last
        ]
        return list(dict.fromkeys([*words(row), *pairs, *remembered, "bias"]))

    def _learn_powers(self, row: Row, at: int) -> None:
        opinions = self._opinions(row)
        expected = opinions @ _normal(self._powers @ opinions)
        self._powers = np.clip(self._powers + self.POOL_RATE * (opinions[:, at] - expected), 0.0, 2.0)

    def _learn_softmax(self, row: Row, at: int) -> None:
        known = len(self._folders)
        gradient = -self._softmax(row)
        gradient[at] += 1
        for token in self._tokens(row):
            self._squares[token][:known] += gradient**2
            self._weights[token][:known] += self.RATE * gradient / np.sqrt(self._squares[token][:known])


def _memories(row: Row) -> tuple[str, str, str, str]:
    """By what mail is like other mail: its sender, its thread, the sender's domain, all whom it went to."""
    sender = (row.get("from_address") or "").lower()
    thread = re.sub(r"^((re|fw|fwd|aw|wg)\s*:\s*)+", "", (row.get("subject") or "").lower().strip())
    people = sorted(each.lower() for each in [*(row.get("to") or ()), *(row.get("cc") or ())])
    return f"s:{sender}", f"t:{thread}", f"d:{sender.rpartition('@')[2]}", f"p:{' '.join(people)}"


def _normal(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    grown = np.exp(scores - scores.max())
    return np.asarray(grown / grown.sum())
