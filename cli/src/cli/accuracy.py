"""How right choices were, given where the owner filed the mail. Pure; shares are 0 to 1."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
BINS = 10  # of the reliability diagram: tenths, as people read them
ERROR_BINS = 15  # of the calibration error; as classifier.score, after Guo et al. 2017


@dataclass(frozen=True, slots=True)
class Answer:
    """What was chosen for one message, and where its owner filed it. known: something was filed there before."""

    filed: str
    chosen: str | None
    confidence: float
    known: bool = True
    held: bool = False

    @property
    def right(self) -> bool:
        """Whether the owner filed it there."""
        return self.chosen == self.filed


@dataclass(frozen=True, slots=True)
class Threshold:
    """Of all messages, covered have a choice of at least this confidence; of these, right are as the owner did."""

    least: float
    covered: float
    right: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Choices of about one confidence: how many, their mean confidence, and the share that was right."""

    count: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Confused:
    """A folder: messages filed there, how many were found, and where most of the others were sent instead."""

    folder: str
    filed: int
    right: int
    instead: str | None
    times: int


def share_right(answers: Sequence[Answer]) -> float:
    """Of all of them; 0 for none."""
    return sum(answer.right for answer in answers) / max(len(answers), 1)


def at_thresholds(answers: Sequence[Answer]) -> list[Threshold]:
    """A row for each of THRESHOLDS."""
    rows = []
    for least in THRESHOLDS:
        sure = [answer for answer in answers if answer.chosen is not None and answer.confidence >= least]
        rows.append(Threshold(least, len(sure) / max(len(answers), 1), share_right(sure)))
    return rows


def reliability(answers: Sequence[Answer], bins: int = BINS) -> list[Bin]:
    """Bins of equal width, from low to high; empty ones are left out. An abstention is wrong at confidence 0."""
    gathered: dict[int, list[Answer]] = defaultdict(list)
    for answer in answers:
        gathered[min(int(answer.confidence * bins), bins - 1)].append(answer)
    return [_bin(gathered[index]) for index in sorted(gathered)]


def calibration_error(answers: Sequence[Answer]) -> float:
    """Expected calibration error, over ERROR_BINS."""
    bins = reliability(answers, ERROR_BINS)
    return sum(each.count * abs(each.confidence - each.right) for each in bins) / max(len(answers), 1)


def worst(answers: Sequence[Answer], most: int) -> list[Confused]:
    """The folders with the most wrong choices, the worst first; only those that have any."""
    gathered: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        gathered[answer.filed].append(answer)
    confused = [_confused(folder, several) for folder, several in gathered.items()]
    wrong = [each for each in confused if each.right < each.filed]
    return sorted(wrong, key=lambda each: (each.right - each.filed, each.folder))[:most]


def _bin(answers: Sequence[Answer]) -> Bin:
    return Bin(len(answers), sum(answer.confidence for answer in answers) / len(answers), share_right(answers))


def _confused(folder: str, answers: Sequence[Answer]) -> Confused:
    instead = Counter(answer.chosen for answer in answers if answer.chosen is not None and not answer.right)
    name, times = max(instead.items(), key=lambda each: each[1], default=(None, 0))
    return Confused(folder, len(answers), sum(answer.right for answer in answers), name, times)
