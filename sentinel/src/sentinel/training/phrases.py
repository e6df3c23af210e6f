"""The books of phrases, one or more a language: sentences that attack, honest ones, and the names that fill them."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import Any

from sentinel.training.template import expanded

_SLOTS = {"folder": "folders", "person": "people", "sender": "senders", "addressee": "addressees"}
_NUMBERS = ("2", "3", "7", "12", "24", "40", "108", "365", "2026")
_LETTERS = "ABCDEFGHKLMNPRSTUVWXZ"


@dataclass(frozen=True, slots=True)
class PhraseBook:
    """Templates of one language by kind, and the words for their slots."""

    name: str
    language: str
    words: Mapping[str, Sequence[str]]
    attacks: Mapping[str, Sequence[str]]
    benign: Mapping[str, Sequence[str]]

    def sentence(self, template: str, random: Random) -> str:
        """One sentence of a template."""
        return expanded(template, random, {**self.words, **_made_up(random)})


def read_phrases() -> Iterator[PhraseBook]:
    """All books, in the order of their names."""
    folder = files(__package__) / "phrases"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            yield _book(file.name.removesuffix(".toml"), tomllib.loads(file.read_text("utf-8")))


def _book(name: str, book: Mapping[str, Any]) -> PhraseBook:
    words = {slot: book[key] for slot, key in _SLOTS.items() if book.get(key)}
    return PhraseBook(name, book["language"], words, book.get("attacks", {}), book["benign"])


def _made_up(random: Random) -> dict[str, list[str]]:
    """Numbers, dates and the like; new ones for each sentence."""
    name = "".join(random.choices("abcdefghiklmnoprstuvw", k=random.randint(4, 9)))
    letters, number = "".join(random.choices(_LETTERS, k=2)), str(random.randint(100, 99999))
    percent, day, month = random.randint(80, 100), random.randint(10, 28), random.randint(10, 12)
    return {
        "n": [random.choice(_NUMBERS)],
        "ref": [f"{letters}-{number}", f"#{number}", f"{letters}{number}", number],
        "conf": [f"0.{percent - 1}", f"{percent}%", f"{percent} %", "1.0", f"0,{percent - 1}"],
        "date": [f"{day}.{month}.", f"2026-{month}-{day}"],
        "time": [f"{random.randint(0, 23)}:{random.randint(10, 59)}"],
        "money": [f"{number[:3]},90 €", f"${number}", f"£{number[:2]}.50"],
        "mail": [f"{name}@{name[::-1]}.example", f"{name}.{letters.lower()}@mail.example"],
        "url": [f"https://{name}.example/{number}"],
    }
