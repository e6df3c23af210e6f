"""The weights, and how much they say a text reads like an attack.

The file: magic, format, feature version, then per role a bias and the scales of the groups and the two scores at which
a text is for review and held (little-endian doubles), then per role one table of 2^SLOTS_LOG2 signed bytes.

Guarantees: a file that isn't exactly so is refused. Sums are of whole numbers, so the same text has the same score on
every machine.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentinel.learned.feature import SLOTS_LOG2, VERSION, Features, Group
from sentinel.learned.role import Role

MAGIC = b"MO-SENT\0"
FORMAT = 1
_HEADER = struct.Struct("<8sII")
_NUMBERS = struct.Struct(f"<{len(Role) * (len(Group) + 3)}d")
_SLOTS = 1 << SLOTS_LOG2
LENGTH = _HEADER.size + _NUMBERS.size + len(Role) * _SLOTS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class WeightsRefused(ValueError):
    """A file that holds no weights for these features."""


class Calibration(NamedTuple):
    """The scores at which a text of one role is for review, and held."""

    review: float
    held: float


@dataclass(frozen=True, slots=True)
class Model:
    """tables: signed bytes by role and slot. scales: what one unit of a byte means, by role and group."""

    tables: NDArray[np.int8]
    scales: Floats
    bias: Floats
    calibrations: tuple[Calibration, ...]

    def scores(self, features: dict[Group, Features], roles: Ints) -> Floats:
        """A score a text; roles: the role of each."""
        total = self.bias[roles]
        for group, found in features.items():
            count = np.bincount(found.text, minlength=len(roles))
            said = np.bincount(found.text, self._weights(found, roles), len(roles))
            total = total + self.scales[roles, group] * said / np.sqrt(np.maximum(count, 1))
        return total

    def spoken(self, features: dict[Group, Features], roles: Ints, lengths: Sequence[int]) -> list[Floats]:
        """What each code point of each text adds to its score. lengths: of the texts that were read, none of them 0."""
        last = np.array(lengths) - 1
        begin = np.cumsum(last + 2) - (last + 2)
        steps = np.zeros(int((last + 2).sum()))
        for group, found in features.items():
            text, count = found.text, np.bincount(found.text, minlength=len(roles))
            start, end = np.clip(found.start, 0, last[text]), np.clip(found.end, 1, last[text] + 1)
            weight = self._weights(found, roles) * self.scales[roles[text], group] / np.sqrt(count[text])
            share = weight / np.maximum(end - start, 1)
            steps += np.bincount(begin[text] + start, share, len(steps))
            steps -= np.bincount(begin[text] + end, share, len(steps))
        return [np.cumsum(steps[at : at + length]) for at, length in zip(begin.tolist(), lengths, strict=True)]

    def _weights(self, found: Features, roles: Ints) -> NDArray[np.int8]:
        weights: NDArray[np.int8] = self.tables.reshape(-1)[roles[found.text] * _SLOTS + found.slots]
        return weights


def read_model() -> Model:
    """The weights of this release."""
    return unpacked((files(__package__) / "weights.bin").read_bytes())


def packed(model: Model) -> bytes:
    """The file of a model."""
    numbers = [number for role in Role for number in (model.bias[role], *model.scales[role], *model.calibrations[role])]
    head = _HEADER.pack(MAGIC, FORMAT, VERSION) + _NUMBERS.pack(*numbers)
    return head + model.tables.astype("<i1").tobytes()


def unpacked(data: bytes) -> Model:
    """The model in a file, or WeightsRefused."""
    if len(data) != LENGTH or _HEADER.unpack_from(data) != (MAGIC, FORMAT, VERSION):
        raise WeightsRefused("weights.bin was not made for these features: run `sentinel train`")
    numbers = np.array(_NUMBERS.unpack_from(data, _HEADER.size)).reshape(len(Role), -1)
    if not np.isfinite(numbers).all():
        raise WeightsRefused("weights.bin holds a number that is none: run `sentinel train`")
    tables = np.frombuffer(data, np.int8, offset=_HEADER.size + _NUMBERS.size).reshape(len(Role), _SLOTS)
    calibrations = tuple(Calibration(*row[-2:]) for row in numbers)
    return Model(tables, numbers[:, 1 : 1 + len(Group)], numbers[:, 0], calibrations)
