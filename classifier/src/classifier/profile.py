r"""A person's profile as bytes: what the learned engine knows, sealed under the feature key. No text, no pickle.

    profile = header (72 bytes) || zlib(body)
    header  = "MO-PROF\0" || u16 format || u16 engine version || u32 classes, rows, weights, counts || u64 learned
              || u32 compressed length || zeros || tag[16]
    tag     = HMAC(feature key's profile subkey, header without tag || compressed)
    body    = the arrays of _layout, little-endian, one after another; weights in steps of 1/512, counts of 1/1024

Guarantees: the same knowledge gives the same bytes; at most MAX_PROFILE of them (what matters least is forgotten);
opening inflates at most MAX_INFLATED, checks every size, index and number, and raises ProfileRefused for anything
else, never another error. Must never hold the key, or say in an error what it read.
"""

import hmac
import struct
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from classifier.calibration import SIGNALS, Calibration
from classifier.copies import MOST, Copies
from classifier.feature_key import TAG_LENGTH, FeatureKey
from classifier.learned import ENGINE_VERSION, FADE, MAX_WEIGHT, LearnedEngine
from classifier.mixture import CASES, MAX_SQUARES, OPINIONS, Mixture
from classifier.mixture import MAX_WEIGHT as MAX_TRUST
from classifier.table import MAX_CELLS, MAX_CLASSES, MAX_ROWS, NO_CLASS, Table

MAX_PROFILE = 1_000_000  # bytes; a profile of this size in the call costs 2 ms
MAX_INFLATED = 4 * 1024 * 1024  # bytes; spec keys-and-sessions, "Profile"
MAX_WEIGHTS = 262_144  # softmax weights that are kept, the largest ones; 1 MiB before compression
MAX_COUNTS = 196_608  # counts that are kept; 0.75 MiB before compression
MAX_LEARNED = 2**31  # messages; bounds what the time of last sight may be

_MAGIC = b"MO-PROF\0"
_FORMAT = 2
_HEADER = struct.Struct("<8sHHIIIIQI16x")
_HEADER_LENGTH = _HEADER.size + TAG_LENGTH
_STEP = 512.0  # weights are stored as whole 512ths
_NONE = 0xFFFF
_COUNT_STEP = 1024.0  # counts are stored as whole 1024ths
_MAX_COUNT = 1.0 / (1.0 - FADE)  # what a count that fades comes close to, 33
_MAX_SEEN = 0xFFFF

Arrays = Mapping[str, NDArray[Any]]
_Whole = TypeVar("_Whole", NDArray[np.int16], NDArray[np.uint16])


class ProfileRefused(ValueError):
    """These bytes are no profile of this engine under this key: learn it again from the owner's folders."""


class _Sizes(NamedTuple):
    classes: int
    rows: int
    weights: int
    counts: int
    learned: int


def _layout(sizes: _Sizes) -> dict[str, tuple[str, int]]:
    """Name, type and length of each array of the body, in order."""
    return {
        "labels": ("<u8", sizes.classes),
        "habit": ("<f4", sizes.classes),
        "recent": ("<f4", sizes.classes),
        "trust": ("<f4", (1 + CASES) * OPINIONS),
        "trust_squares": ("<f4", CASES * OPINIONS),
        "curvature": ("<f4", OPINIONS * OPINIONS),
        "calibration": ("<f4", SIGNALS),
        "calibration_curvature": ("<f4", SIGNALS * SIGNALS),
        "letter": ("<u4", 1),
        "copied": ("<u2", MOST),
        "keys": ("<u4", sizes.rows),
        "touched": ("<u4", sizes.rows),
        "squares": ("<f4", sizes.rows),
        "seen": ("<u2", sizes.rows),
        "last": ("<u2", sizes.rows),
        "weights_in_row": ("<u2", sizes.rows),
        "counts_in_row": ("<u2", sizes.rows),
        "weight_class": ("<u2", sizes.weights),
        "weight": ("<i2", sizes.weights),
        "count_class": ("<u2", sizes.counts),
        "count": ("<u2", sizes.counts),
    }


def seal(engine: LearnedEngine) -> bytes:
    """The profile of this engine. May make the engine forget its least used features to stay under MAX_PROFILE."""
    most = MAX_WEIGHTS
    while True:
        profile = _sealed(engine, most)
        if len(profile) <= MAX_PROFILE:
            return profile
        most = most * 3 // 4
        engine.table.forget(engine.table.size * 7 // 8)


def open_profile(profile: bytes, key: FeatureKey) -> LearnedEngine:
    """The engine that was sealed; a new one for b"". Raises ProfileRefused for anything that isn't whole and ours."""
    if not profile:
        return LearnedEngine(key)
    sizes = _opened_header(profile, key)
    arrays = _opened_body(profile[_HEADER_LENGTH:], sizes)
    _check(arrays, sizes)
    return _engine(arrays, sizes, key)


def _sealed(engine: LearnedEngine, most: int) -> bytes:
    arrays = _arrays(engine, most)
    sizes = _Sizes(
        len(arrays["labels"]), len(arrays["keys"]), len(arrays["weight"]), len(arrays["count"]), engine.learned
    )
    parts = [
        _planes(arrays[name].astype(kind, casting="same_kind").tobytes(), int(kind[2]))
        for name, (kind, _) in _layout(sizes).items()
    ]
    body = _deflated(b"".join(parts))
    head = _HEADER.pack(_MAGIC, _FORMAT, ENGINE_VERSION, *sizes, len(body))
    return head + engine.key.tag(head + body) + body


def _deflated(data: bytes) -> bytes:
    """Runs and Huffman codes only: 3 % more bytes than with strings matched too, in half the time."""
    deflater = zlib.compressobj(level=1, strategy=zlib.Z_RLE)
    return deflater.compress(data) + deflater.flush()


def _planes(data: bytes, width: int) -> bytes:
    """All first bytes, then all second bytes, and so on: like beside like compresses by a third more."""
    return np.frombuffer(data, np.uint8).reshape(-1, width).T.tobytes()


def _arrays(engine: LearnedEngine, most: int) -> dict[str, NDArray[Any]]:
    """The engine's state as the arrays of the layout, rows in the order of their keys."""
    table = engine.table
    order = np.argsort(table.keys(), kind="stable")
    rows = order + 1
    weights = _largest(np.rint(table.weights[rows, : table.classes] * _STEP).astype(np.int16), most)
    counts = _largest(np.rint(table.counts[rows, : table.classes] * _COUNT_STEP).astype(np.uint16), MAX_COUNTS)
    last = table.last[rows]
    copied = [*engine.copies.classes, *[_NONE] * MOST][:MOST]
    return {
        "labels": np.array(engine.labels, np.uint64),
        "habit": engine.habit.astype(np.float32),
        "recent": engine.recent.astype(np.float32),
        "trust": engine.mixture.weights.astype(np.float32).ravel(),
        "trust_squares": engine.mixture.squares.astype(np.float32).ravel(),
        "curvature": engine.mixture.curvature.astype(np.float32).ravel(),
        "calibration": engine.calibration.weights.astype(np.float32),
        "calibration_curvature": engine.calibration.curvature.astype(np.float32).ravel(),
        "letter": np.array([engine.copies.letter], np.uint32),
        "copied": np.array(copied, np.uint16),
        "keys": table.keys()[order],
        "touched": table.touched[rows].astype(np.uint32),
        "squares": table.squares[rows],
        "seen": np.minimum(table.seen[rows], _MAX_SEEN).astype(np.uint16),
        "last": np.where(last == NO_CLASS, _NONE, last).astype(np.uint16),
        **_sparse("weight", weights),
        **_sparse("count", counts),
    }


def _largest(matrix: _Whole, most: int) -> _Whole:
    """The same with only the largest values left, at most so many; of equal ones those that come first."""
    if np.count_nonzero(matrix) > most:
        cells = matrix.reshape(-1)
        where = np.flatnonzero(cells != 0)
        size = np.abs(cells[where].astype(np.int32))
        least = np.partition(size, len(size) - most)[len(size) - most]
        equal = np.flatnonzero(size == least)[most - np.count_nonzero(size > least) :]
        cells[where[size < least]] = 0
        cells[where[equal]] = 0
    return matrix


def _sparse(name: str, matrix: _Whole) -> dict[str, NDArray[Any]]:
    where = np.flatnonzero(matrix.reshape(-1) != 0)  # twice as fast as nonzero() of two dimensions
    row, column = np.divmod(where, max(matrix.shape[1], 1))
    in_row = np.bincount(row, minlength=len(matrix)).astype(np.uint16)
    return {f"{name}s_in_row": in_row, f"{name}_class": column.astype(np.uint16), name: matrix.reshape(-1)[where]}


def _opened_header(profile: bytes, key: FeatureKey) -> _Sizes:
    if not _HEADER_LENGTH <= len(profile) <= MAX_PROFILE:
        raise ProfileRefused("size is out of bounds")
    magic, form, engine, *numbers, length = _HEADER.unpack_from(profile)
    if (magic, form, engine) != (_MAGIC, _FORMAT, ENGINE_VERSION):
        raise ProfileRefused("made by another engine version")
    if length != len(profile) - _HEADER_LENGTH:
        raise ProfileRefused("length differs from the header's")
    tag = profile[_HEADER.size : _HEADER_LENGTH]
    if not hmac.compare_digest(tag, key.tag(profile[: _HEADER.size] + profile[_HEADER_LENGTH:])):
        raise ProfileRefused("sealed under another key, or altered")
    return _bounded(_Sizes(*numbers))


def _bounded(sizes: _Sizes) -> _Sizes:
    most = _Sizes(MAX_CLASSES, MAX_ROWS, MAX_WEIGHTS, MAX_COUNTS, MAX_LEARNED)
    if any(size > limit for size, limit in zip(sizes, most, strict=True)):
        raise ProfileRefused("a size is out of bounds")
    if sizes.classes * sizes.rows > MAX_CELLS:
        raise ProfileRefused("rows times classes is out of bounds")
    return sizes


def _opened_body(data: bytes, sizes: _Sizes) -> dict[str, NDArray[Any]]:
    layout = _layout(sizes)
    body = _inflated(data, sum(int(kind[2]) * length for kind, length in layout.values()))
    arrays: dict[str, NDArray[Any]] = {}
    at = 0
    for name, (kind, length) in layout.items():
        width = int(kind[2])
        planes = np.frombuffer(body, np.uint8, width * length, at).reshape(width, length)
        arrays[name] = np.frombuffer(planes.T.tobytes(), kind)
        at += width * length
    return arrays


def _inflated(data: bytes, expected: int) -> bytes:
    """Exactly the expected bytes: never more is inflated, so a bomb costs what a profile costs."""
    if expected > MAX_INFLATED:
        raise ProfileRefused("inflated size is out of bounds")
    inflater = zlib.decompressobj()
    try:
        body = inflater.decompress(data, expected + 1)
    except zlib.error:
        raise ProfileRefused("compressed body is damaged") from None
    if len(body) != expected or not inflater.eof or inflater.unused_data:
        raise ProfileRefused("inflated size differs from the header's")
    return body


def _check(arrays: Arrays, sizes: _Sizes) -> None:
    """Every number finite and in range, every index inside, keys and labels unique."""
    for name in ("habit", "recent", "trust_squares", "squares"):
        _within(arrays[name], 0.0, MAX_LEARNED)
    for name in ("trust", "calibration"):
        _within(arrays[name], -MAX_TRUST, MAX_TRUST)
    for name in ("curvature", "calibration_curvature"):
        _within(arrays[name], -MAX_SQUARES, MAX_SQUARES)
    _within(arrays["weight"], -MAX_WEIGHT * _STEP, MAX_WEIGHT * _STEP)
    _within(arrays["touched"], 0, sizes.learned)
    for name in ("weight_class", "count_class"):
        _within(arrays[name], 0, sizes.classes - 1)
    for name in ("last", "copied"):
        _within(arrays[name][arrays[name] != _NONE], 0, sizes.classes - 1)
    _within(arrays["count"], 0, _MAX_COUNT * _COUNT_STEP)
    for name, size in (("weights_in_row", sizes.weights), ("counts_in_row", sizes.counts)):
        if int(arrays[name].astype(np.int64).sum()) != size:
            raise ProfileRefused("row lengths differ from the header's")
    if len(np.unique(arrays["labels"])) != sizes.classes or np.any(arrays["keys"][1:] <= arrays["keys"][:-1]):
        raise ProfileRefused("a key occurs twice, or keys don't rise")


def _within(array: NDArray[Any], least: float, most: float) -> None:
    with np.errstate(invalid="ignore"):  # a signalling NaN makes the cast itself complain
        numbers = array.astype(np.float64)
        inside = bool(np.all((numbers >= least) & (numbers <= most)))  # false for NaN too
    if not inside:
        raise ProfileRefused("a number is out of range")


def _engine(arrays: Arrays, sizes: _Sizes, key: FeatureKey) -> LearnedEngine:
    return LearnedEngine(
        key,
        labels=[int(label) for label in arrays["labels"].tolist()],
        habit=arrays["habit"].astype(np.float64),
        recent=arrays["recent"].astype(np.float64),
        table=_table(arrays, sizes),
        mixture=_mixture(arrays),
        calibration=_calibration(arrays),
        copies=Copies(int(arrays["letter"][0]), [each for each in arrays["copied"].tolist() if each != _NONE]),
        learned=sizes.learned,
    )


def _mixture(arrays: Arrays) -> Mixture:
    trust, squares, curvature = (arrays[name].astype(np.float64) for name in ("trust", "trust_squares", "curvature"))
    return Mixture(
        trust.reshape(1 + CASES, OPINIONS),
        np.clip(squares, 1.0, MAX_SQUARES).reshape(CASES, OPINIONS),
        curvature.reshape(OPINIONS, OPINIONS),
    )


def _calibration(arrays: Arrays) -> Calibration:
    weights, curvature = (arrays[name].astype(np.float64) for name in ("calibration", "calibration_curvature"))
    return Calibration(weights, curvature.reshape(SIGNALS, SIGNALS))


def _table(arrays: Arrays, sizes: _Sizes) -> Table:
    rows = slice(1, sizes.rows + 1)
    table = Table.sized(sizes.rows + 1, sizes.classes)
    table.row_of = dict(zip(arrays["keys"].tolist(), range(1, sizes.rows + 1), strict=True))
    table.squares[rows] = arrays["squares"]
    table.seen[rows] = arrays["seen"]
    table.touched[rows] = arrays["touched"]
    last = arrays["last"].astype(np.int64)
    table.last[rows] = np.where(last == _NONE, NO_CLASS, last)
    for matrix, name, step in ((table.weights, "weight", _STEP), (table.counts, "count", _COUNT_STEP)):
        starts = np.arange(1, sizes.rows + 1) * matrix.shape[1]
        where = np.repeat(starts, arrays[f"{name}s_in_row"]) + arrays[f"{name}_class"]  # one index is quicker than two
        matrix.reshape(-1)[where] = arrays[name].astype(np.float32) / np.float32(step)
    return table
