"""All that detectors may read of one item: every text, its prompt form, and the other ways to read it.

Guarantees: made once an item; the number and size of the readings are capped, and a text beyond the caps is reported by
the limits detector, never left out in silence. Spans of every reading lead back to the original field.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from mail_organiser.prompt_form import DATA_MARK, MAX_CHARACTERS, prompt_form
from sentinel.canonical.form import Form, canonical_form
from sentinel.canonical.mapped import Joined, Mapped
from sentinel.finding import Field
from sentinel.item import Item
from sentinel.views import encoding
from sentinel.views.replacement import Replacement, replaced
from sentinel.views.smuggled import smuggled
from sentinel.views.spelling import respelled

MAX_READ = 8192  # code points of one field; eight times the longest line of a header. More is held unread
MAX_DEPTH = 2  # encodings inside one another that are opened
MAX_VIEWS = 16  # opened readings of one field; eight encodings, and one inside of each

_DECODERS: tuple[encoding.Decoder, ...] = (
    encoding.base64, encoding.base32, encoding.hexadecimal, encoding.codes, encoding.percent, encoding.entities,
    encoding.escapes, encoding.morse,
)  # fmt: skip
Decoding = tuple[encoding.Decoder, list[Replacement]]

# Of these a stretch that reads as prose is a finding even when no rule knows the prose.
_OPAQUE = frozenset({encoding.base64, encoding.base32, encoding.hexadecimal, encoding.codes, encoding.morse})


@dataclass(frozen=True, slots=True)
class View:
    """Another way to read a field: its canonical text, and whether that came out of hidden characters."""

    canonical: Mapped
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One field, in every way it is read. opened are the spans that held prose in an opaque encoding.

    complete is false when encodings were nested deeper, or were more, than is opened.
    """

    field: Field
    text: str
    plain: Form
    prompt: Mapped | None
    views: tuple[View, ...]
    opened: tuple[Replacement, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class InspectedItem:
    """An item with its readings by field, and the sender name and subject read together in both orders."""

    item: Item
    readings: tuple[Reading, ...]
    joined: tuple[Joined, ...]


def inspected(item: Item) -> InspectedItem:
    """Reads an item."""
    readings = tuple(_reading(field, text[:MAX_READ]) for field, text in item.texts.items())
    return InspectedItem(item, readings, tuple(_joined({reading.field: reading for reading in readings})))


def _reading(field: Field, text: str) -> Reading:
    original = Mapped.of(text)
    plain = canonical_form(original)
    decodings = _decodings(plain.decoded)
    decoded, complete = _decoded(plain.decoded, decodings) if decodings else ([], True)
    views = (*_smuggled(original), *decoded, *map(View, respelled(plain.canonical)))
    opened = _opened(plain.decoded, decodings)
    return Reading(field, text, plain, _prompt(original, plain), views, opened, complete=complete and plain.settled)


def _prompt(original: Mapped, plain: Form) -> Mapped | None:
    """What a prompt will hold, where that differs from what was read already. The data mark reads as a space."""
    if _reads_as_written(original.text):
        return None
    read = json.loads(prompt_form(original.text)).replace(DATA_MARK, " ")
    canonical = canonical_form(_aligned(read, original)).canonical
    return None if canonical.text == plain.canonical.text else canonical


def _reads_as_written(text: str) -> bool:
    """True for the ordinary texts of which the prompt form, unquoted, is the text itself (a test holds this)."""
    short = text.isascii() and text.isprintable() and len(text) <= MAX_CHARACTERS
    return short and text == " ".join(text.split())


def _aligned(read: str, original: Mapped) -> Mapped:
    """The prompt form is the original with characters left out and blanks run together: walk both."""
    places, place = [], 0
    for character in read:
        while original.text[place] != character and not (character == " " and original.text[place].isspace()):
            place += 1
        places.append(place)
        place += 1
    return Mapped(read, places, [place + 1 for place in places])


def _decodings(decoded: Mapped) -> list[Decoding]:
    """What each encoding holds that is in the text."""
    if not encoding.may_be_encoded(decoded.text):
        return []
    found = [(decode, decode(decoded.text)) for decode in _DECODERS]
    return [(decode, replacements) for decode, replacements in found if replacements]


def _opened(decoded: Mapped, decodings: list[Decoding]) -> tuple[Replacement, ...]:
    found = [one for decode, replacements in decodings if decode in _OPAQUE for one in replacements]
    found = [one for one in found if encoding.is_prose(one.text)]
    return tuple(Replacement(*decoded.span(one.start, one.end), one.text) for one in found)


def _decoded(decoded: Mapped, decodings: list[Decoding]) -> tuple[list[View], bool]:
    """The text with each encoding opened, again for what is inside; and whether nothing was left unopened."""
    views: list[View] = []
    layer = [(decoded, decodings)]
    for _ in range(MAX_DEPTH):
        opened = [canonical_form(replaced(page, found)) for page, known in layer for _, found in known]
        views += [View(inner.canonical) for inner in opened[: MAX_VIEWS - len(views)]]
        layer = [(inner.decoded, _decodings(inner.decoded)) for inner in opened[:MAX_VIEWS]]
    return views, len(views) < MAX_VIEWS and not any(known for _, known in layer)


def _smuggled(original: Mapped) -> Iterator[View]:
    replacements = [] if original.text.isascii() else smuggled(original.text)
    if replacements:
        yield View(canonical_form(replaced(original, replacements)).canonical, hidden=True)


def _joined(readings: dict[Field, Reading]) -> Iterator[Joined]:
    """Name before subject, as a list of mails shows them; and the other way round, as a prompt may."""
    name, subject = readings.get(Field.SENDER_NAME), readings.get(Field.SUBJECT)
    if name is None or subject is None or not name.text or not subject.text:
        return
    first, second, offset = name.plain.canonical, subject.plain.canonical, len(name.text) + 1
    yield Joined(first, second, offset)
    yield Joined(first, second, offset, swapped=True)
