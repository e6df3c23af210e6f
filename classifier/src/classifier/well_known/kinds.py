"""The published kinds of senders and folders. Read once; a file that is malformed stops the start."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

_DOMAIN: Final = re.compile(r"(?=.{4,253}\Z)[a-z0-9-]+(\.[a-z0-9-]+)+")
_WORD: Final = re.compile(r"[^\W_]+")
MAX_TEXT: Final = 256  # code points of a folder's name or description that are read
MAX_LABELS: Final = 8  # of a domain that are looked at, from the right; real ones have five at most

Kind = str  # a table's name in kinds.toml, such as "travel"


class BrokenKinds(ValueError):
    """kinds.toml is not what it must be: the installation is damaged."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """of_domain: the kind of mail that a domain sends. of_word: the kind of folder that a word stands for."""

    of_domain: Mapping[str, Kind]
    of_word: Mapping[str, Kind]

    def sent_from(self, domain: str) -> Kind | None:
        """By the longest listed domain that this one is, or is below."""
        labels = domain.lower().split(".")[-MAX_LABELS:]
        names = (".".join(labels[at:]) for at in range(len(labels) - 1))
        return next((kind for name in names if (kind := self.of_domain.get(name)) is not None), None)

    def said_by(self, text: str | None) -> set[Kind]:
        """All kinds that a folder's name or description speaks of, by whole words."""
        words = _WORD.findall((text or "")[:MAX_TEXT].casefold())
        return {kind for word in words if (kind := self.of_word.get(word)) is not None}


@cache
def kinds() -> Kinds:
    """Those of this release."""
    raw = files("classifier.well_known").joinpath("kinds.toml").read_text("utf-8")
    return parsed(tomllib.loads(raw))


def parsed(tables: Mapping[str, Mapping[str, list[str]]]) -> Kinds:
    """BrokenKinds where a name stands for two kinds, or is none."""
    domains = [(name, kind) for kind, table in tables.items() for name in table["senders"]]
    words = [(word, kind) for kind, table in tables.items() for word in table["folders"]]
    if not all(_DOMAIN.fullmatch(name) for name, _ in domains):
        raise BrokenKinds("a sender is no domain in lower case")
    if not all(_WORD.fullmatch(word) and word == word.casefold() for word, _ in words):
        raise BrokenKinds("a word of a folder is no single word in lower case")
    if not (_unique([name for name, _ in domains]) and _unique([word for word, _ in words])):
        raise BrokenKinds("a name stands for two kinds")
    return Kinds(dict(domains), dict(words))


def _unique(names: Sequence[str]) -> bool:
    return len(set(names)) == len(names)
