"""All that detectors may read of one item: every text, its prompt form, and the other ways to read it.

Guarantees: made once an item; the number and size of the readings are capped, and a text beyond the caps is reported by
the limits detector, never left out in silence. Spans of every reading lead back to the original field.
"""

import json
from typing import NamedTuple

from mail_organiser.prompt_form import DATA_MARK, MAX_CHARACTERS, prompt_form
from sentinel.canonical.form import Form, canonical_form
from sentinel.canonical.invisible import all_visible
from sentinel.canonical.mapped import Joined, Mapped, places
from sentinel.finding import Field
from sentinel.item import Item
from sentinel.views.opening import View, hides, opened
from sentinel.views.replacement import Replacement
from sentinel.views.sign import reads_plainly

MAX_READ = 2048  # code points of one field; twice the longest line of a header. What is longer is held
READ_OF_LONGER = 256  # code points of such a field that are read, to tell its owner more; it is not opened
_APART = " zqz "  # between texts that are looked at together, so that no word is found across
_NAME, _SUBJECT = Field.SENDER_NAME, Field.SUBJECT
_TOGETHER = {_NAME, _SUBJECT}
new = tuple.__new__
_ADDRESS = frozenset({Field.SENDER_ADDRESS, Field.LIST_ID})  # no person reads them, so nothing else is read into them


class Reading(NamedTuple):
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


class InspectedItem(NamedTuple):
    """An item with its readings by field, and the sender name and subject read together in both orders."""

    item: Item
    readings: tuple[Reading, ...]
    joined: tuple[Joined, ...]


def inspected(item: Item) -> InspectedItem:
    """Reads an item."""
    read = _plainly if _is_ordinary(item) else _reading
    readings = tuple([read(field, text) for field, text in item.texts.items()])
    return new(InspectedItem, (item, readings, _joined(readings)))


def _is_ordinary(item: Item) -> bool:
    """One look at all texts of a message: True when each would be read as it is written (a test holds this)."""
    texts = item.texts
    together = " , ".join(("", *filter(None, texts.values()), ""))  # so a blank at an end of a text is one of two
    if not (together.isascii() and together.isprintable()) or len(together) > MAX_CHARACTERS:
        return False
    if "  " in together or "=?" in together:
        return False
    shown = _APART.join([text for field, text in texts.items() if field not in _ADDRESS])
    return reads_plainly(shown, shown.lower())


def _plainly(field: Field, text: str) -> Reading:
    """A text that reads as it is written. Tuples are made the quick way: half of the time of a message is here."""
    starts, ends = places(len(text))
    original, lower = new(Mapped, (text, starts, ends)), text.lower()
    canonical = original if lower == text else new(Mapped, (lower, starts, ends))
    return new(Reading, (field, text, new(Form, (original, canonical, True)), None, (), (), True))


def _reading(field: Field, whole: str) -> Reading:
    """The texts of a field."""
    text = whole if len(whole) <= MAX_READ else whole[:READ_OF_LONGER]
    original = Mapped.of(text)
    plain = canonical_form(original)
    prompt = None if _reads_as_written(text) else _prompt(original, plain)
    if len(whole) > MAX_READ or _is_plain(field, plain, text):
        return Reading(field, text, plain, prompt, (), (), plain.settled)
    opening = opened(original, plain, prompt)
    return Reading(field, text, plain, prompt, opening.views, opening.opaque, opening.complete and plain.settled)


def _is_plain(field: Field, plain: Form, text: str) -> bool:
    """Whether there is no other way to read it."""
    if field in _ADDRESS and text.isascii():
        return True
    return not hides(text) and reads_plainly(plain.decoded.text, plain.canonical.text)


def _prompt(original: Mapped, plain: Form) -> Mapped | None:
    """What a prompt will hold, where that differs from what was read already. The data mark reads as a space."""
    read = json.loads(prompt_form(original.text)).replace(DATA_MARK, " ")
    canonical = canonical_form(_aligned(read, original)).canonical
    return None if canonical.text == plain.canonical.text else canonical


def _reads_as_written(text: str) -> bool:
    """True for the ordinary texts of which the prompt form, unquoted, is the text itself (a test holds this)."""
    if len(text) > MAX_CHARACTERS or not all_visible(text) or DATA_MARK in text:
        return False
    return "  " not in text and text[:1] != " " and text[-1:] != " "


def _aligned(read: str, original: Mapped) -> Mapped:
    """The prompt form is the original with characters left out and blanks run together: walk both."""
    places, place = [], 0
    for character in read:
        while original.text[place] != character and not (character == " " and original.text[place].isspace()):
            place += 1
        places.append(place)
        place += 1
    return Mapped(read, places, [place + 1 for place in places])


def _joined(readings: tuple[Reading, ...]) -> tuple[Joined, ...]:
    """Name before subject, as a list of mails shows them; and the other way round, as a prompt may."""
    named = {reading.field: reading for reading in readings if reading.text}
    if not named.keys() >= _TOGETHER:
        return ()
    name, subject = named[_NAME], named[_SUBJECT]
    first, second, offset = name.plain.canonical, subject.plain.canonical, len(name.text) + 1
    return new(Joined, (first, second, offset, False)), new(Joined, (first, second, offset, True))
