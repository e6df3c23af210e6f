"""The learned engine: files a message where the owner filed mail like it. Pure; needs no key and no network.

Online softmax with AdaGrad over hashed features and memories (the last folder of this sender, thread, domain,
recipient set), multiplied with one naive Bayes for each group of features, whose counts fade, and with habits; what
each is worth is learned too (mixture). Guarantees: a choice names one of the offered folders or none; one sender
teaches what is shared with others at most SENDER_FLOOR or SENDER_SHARE of all messages; a folder's name alone moves
nothing; state is bounded (table). Must never take a text that isn't Cleared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from classifier.calibration import Calibration, signals, told
from classifier.choice import ABSTAINED, Choice, Engine, Reason
from classifier.copies import Copies
from classifier.feature_key import FeatureKey
from classifier.features import LAST_GROUPS, MEMORY_GROUPS, Group
from classifier.habits import Habits
from classifier.marks import Marks, shares
from classifier.mixture import BAYES, COPIED, COPY_CASE, HABIT, OPINIONS, RECENT, SOFTMAX, Mixture, softmax
from classifier.offer import Offer
from classifier.reason import strongest
from classifier.table import MAX_CLASSES, NO_CLASS, Doubles, Floats, Ints, Table

ENGINE_VERSION: Final = 3  # another version discards profiles: they are learned again from the owner's folders
SENDER_FLOOR = 50  # messages of one sender that always teach in full
SENDER_SHARE = 0.2  # of all learned messages: past both, a sender teaches about itself only
MAX_WEIGHT = 8.0  # bounds what one feature may say
FADE = 0.97  # of a feature's counts at each sighting of it: habits drift
COPY_TEACHES = 0.5  # of what a first message teaches, but in full about copies

_RATE = 0.3
_FIRST_SQUARES = 1.0
_LEAST_GRADIENT = 0.02  # a folder that was hardly in question isn't touched: keeps the table sparse, calls quick
_RECENT_FADE = 0.98
_MEMORIES: Final = len(MEMORY_GROUPS)

# How loud each group is in the softmax; 1 where nothing is said.
_LOUD: Final = {
    Group.SENDER: 1.5,
    Group.THREAD: 1.5,
    Group.RECIPIENT_SET: 1.5,
    Group.NAME: 2.0,
    Group.WORD: 4.0,
    Group.PAIR: 1.5,
    Group.STEM: 2.0,
    Group.RECIPIENT: 2.0,
    Group.PERSON: 2.0,
    Group.LIST: 1.5,
    Group.LAST_SENDER: 1.5,
    Group.LAST_THREAD: 1.5,
    Group.LAST_RECIPIENT_SET: 1.5,
    Group.COPY: 2.0,
}
_SOFT: Final = np.array([_LOUD.get(group, 1.0) for group in Group], np.float32)
_BAYES_ROW: Final = np.array([list(BAYES).index(group) if group in BAYES else SOFTMAX for group in Group])
_OWN: Final = np.array([group in (Group.SENDER, Group.SENDER_COUNT) for group in Group])


@dataclass(frozen=True, slots=True)
class Sight:
    """A message's rows in the table, its own tokens first, then memories, bias and copies. loud: in the softmax."""

    rows: Ints
    groups: Ints
    shares: Floats
    loud: Floats
    last: list[int]  # class of each memory, or NO_CLASS
    copied: list[int]  # classes where its forerunners went
    cases: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the engine thinks of one message, before anything is masked. scores, probabilities: (classes,)."""

    scores: Doubles  # of the softmax
    opinions: Doubles  # (OPINIONS, classes)
    trust: Doubles  # (OPINIONS,): the mixture's weights in this case
    logits: Doubles
    probabilities: Doubles
    weights: Floats  # (features, classes) of the softmax


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
    copies: Copies = field(default_factory=Copies)
    learned: int = 0

    def offer(self, labels: Sequence[int]) -> Offer:
        """What this engine knows of the labels that may be chosen; good until the next learn."""
        return Offer.of(labels, self.labels, self.habit, self.recent)

    def choose(self, message: Marks, offer: Offer, hints: Doubles | None = None) -> Choice:
        """The best of the offered labels, as an index into them, or ABSTAINED.

        hints: what the offered folders' names say, 0 to 1 (lexical); without them only learned folders are chosen.
        """
        learned = self._learned_choice(message, offer, hints) if len(offer.known) else ABSTAINED
        named = ABSTAINED if hints is None else offer.by_name(hints)
        return named if named.confidence > learned.confidence else learned

    def learn(self, message: Marks, label: int) -> None:
        """Folds one filed message in."""
        shared = self._may_teach_all(message)
        self._make_room(message, label)
        sight = self._look(message, grow=True)
        opinion = self._opine(sight, Habits.of(self.habit, self.recent))
        if shared:
            self._learn_trust(sight, opinion, label)
        truth, sight, scores = self._with_class(message, label, sight, opinion.scores)
        teaches = _teaches(sight, shared=shared)
        self._step(sight, truth, scores, teaches)
        self._remember(sight, truth, teaches)
        self.copies.add(message.letter, truth)
        if shared:
            self.habit[truth] += 1
            self.recent *= _RECENT_FADE
            self.recent[truth] += 1
        self.learned += 1

    def drop_class(self, index: int) -> None:
        """Forgets a folder: its label, habit, weights, counts and every memory of it."""
        del self.labels[index]
        self.habit, self.recent = np.delete(self.habit, index), np.delete(self.recent, index)
        self.table.drop_class(index)
        self.copies.drop_class(index)

    def _learned_choice(self, message: Marks, offer: Offer, hints: Doubles | None) -> Choice:
        sight = self._look(message, grow=False)
        opinion = self._opine(sight, offer.habits)
        probabilities = offer.hinted(opinion.logits, opinion.probabilities, hints)
        at = int(probabilities[offer.classes].argmax())
        best = int(offer.classes[at])
        confidence = told(self.calibration.of(self._signals(sight, opinion, probabilities, best)))
        return Choice(int(offer.known[at]), confidence, Engine.LEARNED, self._reason(sight, opinion, best))

    def _signals(self, sight: Sight, opinion: Opinion, probabilities: Doubles, best: int) -> Doubles:
        """What calibration is told of choosing this class."""
        others = opinion.logits - opinion.trust[SOFTMAX] * opinion.opinions[SOFTMAX]
        raw, agreed = self._raw(probabilities, best), sight.last.count(best)
        return signals(raw, agreed, _lead(opinion.opinions[SOFTMAX], best), _lead(others, best))

    def _may_teach_all(self, message: Marks) -> bool:
        """Whether this sender is still under its share of what is learned from everybody."""
        sender = self.table.find(message.keys[:1])[0]
        return bool(self.table.seen[sender] < max(SENDER_FLOOR, SENDER_SHARE * self.learned))

    def _raw(self, probabilities: Doubles, index: int) -> float:
        """Confidence before calibration: leaves room for a folder that was never seen, most of it at the start.

        The share of new folders is squared, because later a new one seldom looks like one that is known for sure.
        """
        unseen = min((len(self.labels) + 1) / (self.learned + 2), 1.0)
        return float(probabilities[index]) * (1.0 - unseen**2)

    def _learn_trust(self, sight: Sight, opinion: Opinion, label: int) -> None:
        """Tells mixture and calibration how this answer went."""
        if self.labels:
            best = int(opinion.probabilities.argmax())
            seen = self._signals(sight, opinion, opinion.probabilities, best)
            self.calibration.record(seen, right=self.labels[best] == label)
        if label in self.labels:
            self.mixture.learn(sight.cases, opinion.opinions, opinion.probabilities, self.labels.index(label))

    def _make_room(self, message: Marks, label: int) -> None:
        """For the message's rows, and for a class if it is a new one: the folder longest unused goes."""
        if label not in self.labels and len(self.labels) == MAX_CLASSES:
            self.drop_class(int(self.recent.argmin()))
        self.table.reserve(len(message.keys) + _EXTRA)

    def _with_class(self, message: Marks, label: int, sight: Sight, scores: Doubles) -> tuple[int, Sight, Doubles]:
        """The class of a label, made if it is new; then the rows may be others."""
        if label in self.labels:
            return self.labels.index(label), sight, scores
        self.labels.append(label)
        self.habit, self.recent = np.append(self.habit, 0.0), np.append(self.recent, 0.0)
        self.table.add_class()
        self.table.reserve(len(message.keys) + _EXTRA)
        return len(self.labels) - 1, self._look(message, grow=True), np.append(scores, 0.0)

    def _look(self, message: Marks, *, grow: bool) -> Sight:
        """Where the message is in the table, with its memories, the bias, and what is known of its forerunners."""
        place = self.table.ensure if grow else self.table.find
        own = place(message.keys)
        last = self.table.last[own[:_MEMORIES]].tolist()
        copied = self.copies.of(message.letter)
        about = self._about_copies(message, copied)
        rows = np.concatenate((own, place([*self._memories(last), self.key.memory(Group.BIAS), *about])))
        groups = np.concatenate((message.groups, _EXTRA_GROUPS[: _MEMORIES + 1 + len(about)]))
        share = np.concatenate((message.shares, _EXTRA_SHARES[len(about)]))
        case = int(last[0] != NO_CLASS) + 2 * int(last[1] != NO_CLASS)
        cases = (case, COPY_CASE) if copied else (case,)
        return Sight(rows, groups, share, share * _SOFT[groups], last, copied, cases)

    def _memories(self, last: Sequence[int]) -> list[int]:
        """Features that say where the last mail of this sender, thread, domain and recipient set went."""
        return [
            self.key.memory(group) if index == NO_CLASS else self.key.memory(group, self.labels[index])
            for group, index in zip(LAST_GROUPS, last, strict=True)
        ]

    def _about_copies(self, message: Marks, copied: Sequence[int]) -> list[int]:
        """Features of a copy: where the one before went, also by sender, how many there were, and the one before."""
        if not copied:
            return [self.key.memory(Group.COPY)]
        last, *before = [self.labels[index] for index in reversed(copied)]
        told = ((0, last), (1, len(copied)), (2, last, message.keys[0]), (3, *before[:1]))
        return [self.key.memory(Group.COPY, *numbers) for numbers in told]

    def _opine(self, sight: Sight, habits: Habits) -> Opinion:
        classes = len(self.labels)
        if not classes:
            return _NO_OPINION
        weights = self.table.weights.take(sight.rows, axis=0)[:, :classes]
        scores = (sight.loud @ weights).astype(np.float64)
        opinions = np.zeros((OPINIONS, classes))
        opinions[:SOFTMAX] = self._bayes(sight, habits.rarity)
        opinions[SOFTMAX] = scores - scores.max()
        opinions[HABIT], opinions[RECENT] = habits.log, habits.log_recent
        opinions[COPIED, sight.copied] = 1.0
        trust = self.mixture.of(sight.cases)
        logits = trust @ opinions
        return Opinion(scores, opinions, trust, logits, softmax(logits), weights)

    def _bayes(self, sight: Sight, rarity: Floats) -> Floats:
        """A row a group of features: by how much each folder is likelier than by habit, in log odds."""
        lifts = np.log1p(self.table.counts.take(sight.rows, axis=0)[:, : len(rarity)] * rarity)
        groups = np.zeros((SOFTMAX + 1, len(sight.rows)), np.float32)
        groups[_BAYES_ROW[sight.groups], np.arange(len(sight.rows))] = sight.shares
        found: Floats = groups[:SOFTMAX] @ lifts
        return found

    def _step(self, sight: Sight, truth: int, scores: Doubles, teaches: Floats) -> None:
        """One AdaGrad step of the softmax; one sum of squares a row."""
        table = self.table
        error = softmax(scores)
        error[truth] -= 1.0
        touched = np.flatnonzero(np.abs(error) >= _LEAST_GRADIENT)
        slope = error[touched].astype(np.float32)
        loud = sight.loud * teaches
        squares = table.squares[sight.rows] + loud**2 * float(slope @ slope)
        table.squares[sight.rows] = squares
        pace = _RATE * loud / np.sqrt(_FIRST_SQUARES + squares)
        weights = table.weights.reshape(-1)
        cells = sight.rows[:, None] * table.weights.shape[1] + touched
        moved = weights.take(cells) - pace[:, None] * slope
        weights[cells] = np.minimum(np.maximum(moved, -MAX_WEIGHT), MAX_WEIGHT)

    def _remember(self, sight: Sight, truth: int, teaches: Floats) -> None:
        taught = teaches > 0
        rows = sight.rows[taught]
        counts = self.table.counts.take(rows, axis=0) * np.float32(FADE)
        counts[:, truth] += teaches[taught]
        self.table.counts[rows] = counts
        self.table.last[rows] = truth
        self.table.seen[rows] += 1
        self.table.touched[rows] = self.learned

    def _reason(self, sight: Sight, opinion: Opinion, best: int) -> Reason:
        """What spoke most for the choice against the alternatives, by group: softmax and naive Bayes."""
        soft = sight.loud * (opinion.weights[:, best] - opinion.weights @ opinion.probabilities.astype(np.float32))
        favour = opinion.opinions[:SOFTMAX, best] - opinion.opinions[:SOFTMAX] @ opinion.probabilities
        return strongest(sight.groups, opinion.trust[SOFTMAX] * soft, opinion.trust[:SOFTMAX] * favour)


_COPY_MARKS = 4  # tokens about a copy; a message that is none has one
_EXTRA: Final = _MEMORIES + 1 + _COPY_MARKS
_EXTRA_GROUPS: Final = np.array([*LAST_GROUPS, Group.BIAS, *(Group.COPY,) * _COPY_MARKS], np.int64)
_EXTRA_SHARES: Final = {
    count: np.concatenate((np.ones(_MEMORIES + 1, np.float32), shares([Group.COPY] * count)))
    for count in (1, _COPY_MARKS)
}
_NONE: Final = np.zeros(0)
_NO_OPINION: Final = Opinion(
    _NONE, np.zeros((OPINIONS, 0)), np.zeros(OPINIONS), _NONE, _NONE, np.zeros((0, 0), np.float32)
)


def _lead(odds: Doubles, best: int) -> float:
    """By how much the best class leads the next one; less than 0 if it doesn't, 0 if it is alone."""
    others = odds.copy()
    others[best] = -np.inf
    return float(odds[best] - others.max()) if len(odds) > 1 else 0.0


def _teaches(sight: Sight, *, shared: bool) -> Floats:
    """How much each row learns from the message: a copy half; past its share a sender about itself only."""
    whole = np.full(len(sight.rows), COPY_TEACHES if sight.copied else 1.0, np.float32)
    whole[sight.groups == Group.COPY] = 1.0
    return whole if shared else whole * _OWN[sight.groups]
