"""Texts made of the phrase books: attacks as they would stand in a mail, and honest mail that looks like them.

Guarantees: the same books give the same texts, book by book: a new book changes nothing of the others.
"""

from collections.abc import Iterator
from random import Random

from sentinel.learned.role import Role
from sentinel.training.instance import Instance, canonical
from sentinel.training.phrases import PhraseBook

ATTACKS = 14  # sentences of an attack template
BENIGN = 9  # of a benign one
ATTACK_WEIGHT = 0.5  # of a made attack: they are many, and alike
LOOK_ALIKE_WEIGHT = 2.0  # of an honest text that looks like one: to hold honest mail is the worse mistake
SHORT_SENDER = 64  # code points of a display name that carries an attack
# Where made attacks are put besides standing alone as a subject. The shares add up to less than one.
IN_SENDER, AFTER_HONEST, BEFORE_HONEST, SPLIT = 0.15, 0.15, 0.10, 0.20
SHORT_AS_SUBJECT = 0.4  # of the short attacks that are made for display names
HONEST_JOINED, HONEST_TWICE = 0.3, 0.2  # of honest subjects: read with a sender's name, followed by another one
_SEPARATORS = (": ", " - ", ". ", " | ", ", ", " / ", " ", "; ", " -- ", "! ", " >> ", " (")
_BRACKETED = ("[{}] {}", "{}: {}", "{} - {}", "({}) {}", "Re: {} {}", "{} | {}")


def generated(book: PhraseBook) -> Iterator[Instance]:
    """All texts of one book."""
    maker = _Maker(book)
    for kind, templates in book.attacks.items():
        for template in templates:
            yield from maker.attacks(kind, template)
    for kind, templates in book.benign.items():
        for template in templates:
            yield from maker.honest(kind, template)
    yield from maker.names()


class _Maker:
    """Makes the texts of one book."""

    def __init__(self, book: PhraseBook) -> None:
        self._book = book
        self._random = Random(f"mail-organiser {book.name}")  # noqa: S311  # texts to learn from, not secrets
        self._source = f"phrases:{book.name}"

    def attacks(self, kind: str, template: str) -> Iterator[Instance]:
        for _ in range(ATTACKS):
            text = self._book.sentence(template, self._random)
            for role, placed in self._placed(kind, text):
                yield Instance(canonical(placed), role, True, ATTACK_WEIGHT, kind, self._source)

    def honest(self, kind: str, template: str) -> Iterator[Instance]:
        for _ in range(BENIGN):
            text = self._book.sentence(template, self._random)
            places = self._as_sender(text) if kind == "look_alike_sender" else self._as_subject(text)
            yield from (self._kept(role, placed, kind) for role, placed in places)

    def names(self) -> Iterator[Instance]:
        """Folder names as subjects, people and firms as senders: no attack, whatever they are called."""
        words = self._book.words
        for folder in words.get("folder", ()):
            labelled = self._random.choice(_BRACKETED).format(folder, self._ordinary())
            places = ((Role.SUBJECT, folder), (Role.SENDER, folder), (Role.SUBJECT, labelled))
            yield from (self._kept(role, text, "folder_name") for role, text in places)
        for name in (*words.get("sender", ()), *words.get("person", ())):
            yield self._kept(Role.SENDER, name, "sender_name")

    def _placed(self, kind: str, text: str) -> Iterator[tuple[Role, str]]:
        """A text where attackers would put it."""
        place, short = self._random.random(), kind == "short_sender"
        if short or (place < IN_SENDER and len(text) <= SHORT_SENDER):
            yield from self._as_sender(text)
        else:
            yield from self._beside_honest(place - IN_SENDER, text)
        if not short or place < SHORT_AS_SUBJECT:
            yield Role.SUBJECT, text

    def _beside_honest(self, place: float, text: str) -> Iterator[tuple[Role, str]]:
        separator = self._random.choice(_SEPARATORS)
        if place < AFTER_HONEST:
            yield Role.SUBJECT, self._ordinary() + separator + text
        elif place < AFTER_HONEST + BEFORE_HONEST:
            yield Role.SUBJECT, text + separator + self._ordinary()
        elif place < AFTER_HONEST + BEFORE_HONEST + SPLIT:
            yield Role.JOINED, text

    def _as_sender(self, name: str) -> Iterator[tuple[Role, str]]:
        yield Role.SENDER, name
        yield Role.JOINED, f"{name} {self._ordinary()}"

    def _as_subject(self, text: str) -> Iterator[tuple[Role, str]]:
        yield Role.SUBJECT, text
        if self._random.random() < HONEST_JOINED:
            yield Role.JOINED, f"{self._sender()} {text}"
        if self._random.random() < HONEST_TWICE:
            yield Role.SUBJECT, text + self._random.choice(_SEPARATORS) + self._ordinary()

    def _kept(self, role: Role, text: str, kind: str) -> Instance:
        weight = 1.0 if kind == "ordinary" else LOOK_ALIKE_WEIGHT
        return Instance(canonical(text), role, False, weight, kind, self._source)

    def _ordinary(self) -> str:
        return self._book.sentence(self._random.choice(self._book.benign["ordinary"]), self._random)

    def _sender(self) -> str:
        return self._random.choice(self._book.words["sender"])
