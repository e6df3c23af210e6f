"""The learned engine: files a message where the owner filed mail like it. Pure; needs no key and no network.

Online softmax with AdaGrad over hashed features and memories (the last folder of this sender, thread, domain,
recipient set), multiplied with naive Bayes and the memories' own counts. Guarantees: a choice names one of the offered
folders or none; one sender teaches what is shared with others at most SENDER_FLOOR or SENDER_SHARE of all messages;
state is bounded (table). Must never take a text that isn't Cleared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from classifier.calibration import Calibration
from classifier.choice import ABSTAINED, Choice, Engine, Reason
from classifier.feature_key import FeatureKey
from classifier.features import LAST_GROUPS, MEMORY_GROUPS, Group, tokens
from classifier.gate import Cleared
from classifier.mixture import OPINIONS, Mixture, log_softmax
from classifier.table import MAX_CLASSES, NO_CLASS, UNKNOWN, Doubles, Floats, Ints, Table

ENGINE_VERSION: Final = 1  # another version discards profiles: they are learned again from the owner's folders
SENDER_FLOOR = 100  # messages of one sender that always teach in full
SENDER_SHARE = 0.2  # of all learned messages: past both, a sender teaches about itself only
MAX_WEIGHT = 8.0  # bounds what one feature may say

_RATE = 0.3
_FIRST_SQUARES = 1.0
_LEAST_GRADIENT = 0.01  # a folder that was hardly in question isn't touched: keeps the table sparse
_SMOOTHING = 0.03
_MEMORY_PRIOR = 1.0  # messages that the habit counts for beside a memory's own
_RECENT_FADE = 0.98
_RECENT_SMOOTHING = 0.02

# How loud each group is in the softmax, and in naive Bayes (where repeated evidence must not be counted in full).
_LOUDNESS: Final = {
    Group.SENDER: (1.5, 2.0),
    Group.THREAD: (1.5, 2.0),
    Group.RECIPIENT_SET: (1.5, 1.0),
    Group.WORD: (1.5, 1.0),
    Group.PAIR: (0.7, 0.5),
    Group.GRAM: (0.3, 0.3),
    Group.RECIPIENT: (0.7, 0.3),
} | dict.fromkeys(LAST_GROUPS, (2.0, 0.0))
_REASONS: Final = (Reason.SENDER, Reason.THREAD, Reason.DOMAIN, Reason.RECIPIENTS, Reason.WORDS)
_REASON_OF: Final = {
    Group.SENDER: 0,
    Group.NAME: 0,
    Group.SENDER_COUNT: 0,
    Group.LAST_SENDER: 0,
    Group.THREAD: 1,
    Group.LAST_THREAD: 1,
    Group.DOMAIN: 2,
    Group.LAST_DOMAIN: 2,
    Group.RECIPIENT_SET: 3,
    Group.LAST_RECIPIENT_SET: 3,
    Group.RECIPIENT: 3,
    Group.LIST: 3,
}
_WORDS = _REASONS.index(Reason.WORDS)
_SOFT: Final = np.array([_LOUDNESS.get(group, (1.0, 1.0))[0] for group in Group], np.float32)
_BAYES: Final = np.array([_LOUDNESS.get(group, (1.0, 1.0))[1] for group in Group], np.float32)
_REASON_INDEX: Final = np.array([_REASON_OF.get(group, _WORDS) for group in Group])
_OWN: Final = np.array([group in (Group.SENDER, Group.SENDER_COUNT) for group in Group])
_MEMORIES = len(MEMORY_GROUPS)
_WENT: Final = slice(2, 2 + _MEMORIES)  # rows of the opinions
_LAST: Final = slice(2 + _MEMORIES, 2 + 2 * _MEMORIES)


@dataclass(frozen=True, slots=True)
class Marks:
    """A message as the engine sees it: hashed features and their groups, memory groups first. Holds no text."""

    keys: tuple[int, ...]
    groups: Ints


def marks(message: Cleared, key: FeatureKey) -> Marks:
    """Hashes a cleared message under this key."""
    found = tokens(message)
    hashed = tuple(key.feature(group, text) for group, text in found)
    return Marks(hashed, np.array([group for group, _ in found], np.int64))


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the engine thinks of one message, before anything is masked. probabilities: (classes,)."""

    probabilities: Doubles
    opinions: Doubles  # (OPINIONS, classes)
    case: int
    trust: Doubles  # (OPINIONS,): the mixture's weights in this case
    soft: Floats  # (features, classes): what each feature said in the softmax
    groups: Ints


@dataclass(slots=True)
class LearnedEngine:
    """Everything learned for one person. labels[c] is the hashed folder id of class c."""

    key: FeatureKey
    labels: list[int] = field(default_factory=list)
    habit: Doubles = field(default_factory=lambda: np.zeros(0))  # messages a class
    recent: Doubles = field(default_factory=lambda: np.zeros(0))  # the same, fading
    table: Table = field(default_factory=Table)
    mixture: Mixture = field(default_factory=Mixture)
    calibration: Calibration = field(default_factory=Calibration)
    learned: int = 0

    def choose(self, message: Marks, offered: Sequence[int]) -> Choice:
        """The best of the offered labels, as an index into them; ABSTAINED when none of them was learned."""
        place = {label: index for index, label in enumerate(self.labels)}
        known = [(at, place[label]) for at, label in enumerate(offered) if label in place]
        if not known:
            return ABSTAINED
        opinion = self._opine(message)
        at, best = max(known, key=lambda pair: opinion.probabilities[pair[1]])
        confidence = self.calibration.of(self._raw(opinion, best))
        return Choice(at, confidence, Engine.LEARNED, _reason(opinion, best))

    def learn(self, message: Marks, label: int) -> None:
        """Folds one filed message in."""
        shared = self._may_teach_all(message)
        if shared:
            self._learn_trust(message, label)
        truth = self._class_of(label)
        self.table.reserve(len(message.keys) + _MEMORIES + 1)
        rows, groups = self._rows(message, grow=True)
        if not shared:
            rows, groups = rows[_OWN[groups]], groups[_OWN[groups]]
        self._step(rows, groups, truth)
        self._remember(rows, truth)
        if shared:
            self.habit[truth] += 1
            self.recent *= _RECENT_FADE
            self.recent[truth] += 1
        self.learned += 1

    def _may_teach_all(self, message: Marks) -> bool:
        """Whether this sender is still under its share of what is learned from everybody."""
        sender = self.table.find(message.keys[:1])[0]
        return bool(self.table.counts[sender].sum() < max(SENDER_FLOOR, SENDER_SHARE * self.learned))

    def _raw(self, opinion: Opinion, index: int) -> float:
        """Confidence before calibration: leaves room for a folder that was never seen, most of it at the start."""
        unseen = (len(self.labels) + 1) / (self.learned + 2)
        return float(opinion.probabilities[index]) * (1.0 - min(unseen, 1.0))

    def _learn_trust(self, message: Marks, label: int) -> None:
        """Answers the message first, then tells mixture and calibration how that went."""
        if not self.labels:
            return
        opinion = self._opine(message)
        best = int(opinion.probabilities.argmax())
        self.calibration.record(self._raw(opinion, best), right=self.labels[best] == label)
        if label in self.labels:
            self.mixture.learn(opinion.case, opinion.opinions, opinion.probabilities, self.labels.index(label))

    def _class_of(self, label: int) -> int:
        if label in self.labels:
            return self.labels.index(label)
        if len(self.labels) == MAX_CLASSES:
            self._drop_class(int(self.recent.argmin()))
        self.labels.append(label)
        self.habit, self.recent = np.append(self.habit, 0.0), np.append(self.recent, 0.0)
        self.table.add_class()
        return len(self.labels) - 1

    def _drop_class(self, index: int) -> None:
        """Forgets the folder that was longest unused."""
        del self.labels[index]
        self.habit, self.recent = np.delete(self.habit, index), np.delete(self.recent, index)
        self.table.drop_class(index)

    def _rows(self, message: Marks, *, grow: bool) -> tuple[Ints, Ints]:
        """Rows of the message's features, its memories and the bias, and their groups."""
        place = self.table.ensure if grow else self.table.find
        own = place(message.keys)
        lasts = [self._label(index) for index in self.table.last[own[:_MEMORIES]].tolist()]
        memories = [self.key.memory(group, last) for group, last in zip(LAST_GROUPS, lasts, strict=True)]
        more = place([*memories, self.key.memory(Group.BIAS, None)])
        return np.concatenate((own, more)), np.concatenate((message.groups, _EXTRA_GROUPS))

    def _label(self, index: int) -> int | None:
        return None if index == NO_CLASS else self.labels[index]

    def _opine(self, message: Marks) -> Opinion:
        rows, groups = self._rows(message, grow=False)
        classes = len(self.labels)
        soft = self.table.weights[rows, :classes] * _SOFT[groups][:, None]
        own = slice(0, len(message.keys))
        habit = (self.habit + 0.5) / (self.habit + 0.5).sum()
        opinions = np.empty((OPINIONS, classes))
        opinions[0] = log_softmax(soft.sum(axis=0, dtype=np.float64))
        opinions[1] = self._bayes(rows[own], groups[own], habit)
        opinions[_WENT], opinions[_LAST] = self._memory_opinions(rows[:_MEMORIES], habit)
        opinions[10] = np.log(habit)
        recent = self.recent + _RECENT_SMOOTHING
        opinions[11] = np.log(recent / recent.sum())
        known = self.table.last[rows[:2]] != NO_CLASS
        case = int(known[0]) + 2 * int(known[1])
        trust = self.mixture.of(case)
        mixed = log_softmax(trust @ opinions)
        return Opinion(np.exp(mixed), opinions, case, trust, soft, groups)

    def _bayes(self, rows: Ints, groups: Ints, habit: Doubles) -> Doubles:
        """Naive Bayes over the known features, tempered by their number: they are far from independent."""
        known = rows != UNKNOWN
        counts = self.table.counts[rows[known], : len(self.labels)]
        loud = _BAYES[groups[known]]
        room = (self.habit + 2 * _SMOOTHING).astype(np.float32)
        likely = loud @ np.log((counts + _SMOOTHING) / room)
        return log_softmax((likely + np.log(habit)) / max(1.0, float(np.sqrt(loud.sum()))))

    def _memory_opinions(self, rows: Ints, habit: Doubles) -> tuple[Doubles, Doubles]:
        """Where mail of this sender, thread, domain, recipient set went, and where the last one went; 4 rows each."""
        counts = self.table.counts[rows, : len(self.labels)]
        total = counts.sum(axis=1, keepdims=True)
        went = np.log((counts + _MEMORY_PRIOR * habit) / (total + _MEMORY_PRIOR))
        last = (self.table.last[rows][:, None] == np.arange(len(self.labels))).astype(np.float64)
        return went, last

    def _step(self, rows: Ints, groups: Ints, truth: int) -> None:
        """One AdaGrad step of the softmax; one sum of squares a row."""
        table, classes = self.table, len(self.labels)
        loud = _SOFT[groups]
        error = np.exp(log_softmax((loud @ table.weights[rows, :classes]).astype(np.float64)))
        error[truth] -= 1.0
        touched = np.flatnonzero(np.abs(error) >= _LEAST_GRADIENT)
        gradient = loud[:, None] * error[touched].astype(np.float32)
        table.squares[rows] += (gradient**2).sum(axis=1)
        pace = (_RATE / np.sqrt(_FIRST_SQUARES + table.squares[rows]))[:, None]
        cells = np.ix_(rows, touched)
        table.weights[cells] = np.clip(table.weights[cells] - pace * gradient, -MAX_WEIGHT, MAX_WEIGHT)

    def _remember(self, rows: Ints, truth: int) -> None:
        self.table.counts[rows, truth] += 1
        self.table.last[rows] = truth
        self.table.touched[rows] = self.learned


_EXTRA_GROUPS: Final = np.array([*LAST_GROUPS, Group.BIAS], np.int64)


def _reason(opinion: Opinion, best: int) -> Reason:
    """What spoke most for the choice against the alternatives: softmax features by group, and the memories."""
    soft = opinion.soft[:, best] - opinion.soft @ opinion.probabilities
    weights = opinion.trust[0] * soft
    spoke = np.bincount(_REASON_INDEX[opinion.groups], weights=weights, minlength=len(_REASONS)).astype(np.float64)
    favour = opinion.trust * (opinion.opinions[:, best] - opinion.opinions @ opinion.probabilities)
    spoke[:_MEMORIES] += favour[_WENT] + favour[_LAST]
    return _REASONS[int(spoke.argmax())]
