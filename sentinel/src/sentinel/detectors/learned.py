"""The learned detector: how much subject, sender name and both together read like an attack.

SEN-1101 to SEN-1111  reads like an attack; the last two digits are the number of the technique it resembles most

One finding an item, of the text that reads worst, however little it says: so that risk is continuous. Folder names and
addresses are the business of the rules: an owner's folder may well be called "Trusted".
"""

from collections.abc import Iterator, Sequence
from math import exp, log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentinel.detectors.detector import Found
from sentinel.finding import Field, Finding, Technique
from sentinel.learned.feature import FeatureReader
from sentinel.learned.model import Calibration, Floats, Model
from sentinel.learned.role import Role
from sentinel.learned.technique import Techniques, signs
from sentinel.learned.window import windows
from sentinel.operating_point import BALANCED
from sentinel.reading import InspectedItem, Reading
from sentinel.rules.matcher import Page, words
from sentinel.verdict import TOLD_AT

_ROLES = {Field.SUBJECT: Role.SUBJECT, Field.SENDER_NAME: Role.SENDER}
QUIET = 0.6  # of how loud a text is on the whole: what speaks more softly is not pointed at
_MOST_SURE = 12.0  # logit; beyond it more certainty would mean nothing


class Piece(NamedTuple):
    """A stretch of text that is scored: of which item and field, and where it begins on which page."""

    item: int
    role: Role
    field: Field
    decoded: bool
    page: Page
    start: int
    text: str


class LearnedDetector:
    """Scores every reading of a batch in one go."""

    def __init__(self, reader: FeatureReader, model: Model, techniques: Techniques) -> None:
        """Takes the features, the weights and the weights of techniques."""
        self._reader = reader
        self._model = model
        self._techniques = techniques

    def __call__(self, items: Sequence[InspectedItem]) -> Found:
        """A finding for each item that has a subject or a sender name."""
        scored = list(pieces(items, self._reader))
        if scored:
            yield from self._findings(scored)

    def _findings(self, scored: Sequence[Piece]) -> Iterator[tuple[int, Finding]]:
        sure = self._sure(scored)
        worst: dict[int, tuple[float, Piece]] = {}
        for piece, logit in zip(scored, sure, strict=True):
            known = worst.get(piece[0])
            if known is None or logit > known[0]:  # of equals a field of its own, which comes before the joined text
                worst[piece[0]] = (logit, piece)
        found = [(item, piece, 1.0 / (1.0 + exp(-logit))) for item, (logit, piece) in worst.items()]
        spans = iter(self._spans([piece for _, piece, weight in found if weight >= TOLD_AT]))
        for item, piece, weight in found:
            yield item, self._told(piece, weight, next(spans)) if weight >= TOLD_AT else _whispered(piece, weight)

    def _sure(self, scored: Sequence[Piece]) -> list[float]:
        """How sure each piece is an attack (logit). Texts that come again, as sender names do, are read once."""
        known: dict[tuple[str, Role], int] = {}
        number = [known.setdefault((piece.text, piece.role), len(known)) for piece in scored]
        roles = np.fromiter((role for _, role in known), np.int64, len(known))
        scores = self._model.scores(self._reader.read([text for text, _ in known]), roles)
        sure = _logits(scores, roles, self._model.calibrations).tolist()
        return [sure[place] for place in number]

    def _told(self, piece: Piece, weight: float, span: tuple[int, int]) -> Finding:
        likely = self._techniques.guess(signs(piece.text, self._reader.concepts(piece.text)))
        return Finding(_technique(piece, likely), piece.field, *span, weight, f"SEN-{1100 + likely}")

    def _spans(self, told: Sequence[Piece]) -> list[tuple[int, int]]:
        """The words that speak loudest in each piece, as spans of the originals."""
        if not told:
            return []
        roles = np.array([piece.role for piece in told], np.int64)
        features = self._reader.read_closely([piece.text for piece in told])
        said = self._model.spoken(features, roles, [len(piece.text) for piece in told])
        return [_span(piece, loud) for piece, loud in zip(told, said, strict=True)]


def _whispered(piece: Piece, weight: float) -> Finding:
    return Finding(Technique.UNSPECIFIED, piece.field, 0, 0, weight, "SEN-1100")


def _span(piece: Piece, said: Floats) -> tuple[int, int]:
    first, last = loudest(said - QUIET * said.mean())
    start, end = _whole_words(piece.text, first, last)
    return piece.page.span(piece.start + start, piece.start + end)


def pieces(items: Sequence[InspectedItem], reader: FeatureReader) -> Iterator[Piece]:
    """Everything that is scored of items.

    Sender name and subject are read together only when the name has a word of the lexicon: a payload that is split
    over both has one in each, and the names of people have none.
    """
    telling = reader.speaking([item.joined[0].first.text if item.joined else "" for item in items])
    for number, item in enumerate(items):
        for reading in item.readings:
            if reading.field in _ROLES:
                yield from _read_pieces(number, reading)
        if number in telling:
            page = item.joined[0]
            yield from _cut(Piece(number, Role.JOINED, Field.JOINED, False, page, 0, page.text))


def _read_pieces(number: int, reading: Reading) -> Iterator[Piece]:
    role, plain = _ROLES[reading.field], reading.plain.canonical
    yield from _cut(Piece(number, role, reading.field, False, plain, 0, plain.text))
    if reading.prompt is not None:
        yield from _cut(Piece(number, role, reading.field, False, reading.prompt, 0, reading.prompt.text))
    for page, _ in reading.views:
        yield from _cut(Piece(number, role, reading.field, True, page, 0, page.text))


def _cut(piece: Piece) -> Iterator[Piece]:
    """The windows of a piece: nearly always itself."""
    for start, text in windows(piece.text):
        yield piece if text is piece.text else piece._replace(start=start, text=text)


def _logits(scores: Floats, roles: NDArray[np.int64], calibrations: Sequence[Calibration]) -> Floats:
    """Scores on the scale on which the balanced operating point lies where the calibration says."""
    review, held = _logit(BALANCED.review), _logit(BALANCED.held)
    low, high = np.array(calibrations).T[:, roles]
    sure: Floats = review + (scores - low) / (high - low) * (held - review)
    return np.clip(sure, -_MOST_SURE, _MOST_SURE)


def _logit(share: float) -> float:
    return log(share / (1.0 - share))


def loudest(said: Floats) -> tuple[int, int]:
    """Start and end of the stretch with the largest sum (Kadane's algorithm)."""
    best, first, last = float("-inf"), 0, len(said)
    total, begin = 0.0, 0
    for place, loud in enumerate(said.tolist()):
        if total <= 0.0:
            total, begin = 0.0, place
        total += loud
        if total > best:
            best, first, last = total, begin, place + 1
    return first, last


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    plain = words(text)
    while start > 0 and plain[start - 1] != " ":
        start -= 1
    while end < len(plain) and plain[end] != " ":
        end += 1
    return start, end


def _technique(piece: Piece, likely: Technique) -> Technique:
    if piece.role is Role.JOINED:
        return Technique.SPLIT_PAYLOAD
    return Technique.ENCODED_PAYLOAD if piece.decoded else likely
