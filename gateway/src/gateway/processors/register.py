"""The register of sub-processors: what this release can send to whom, and what the operator says about them.

Guarantees: what only the operator can know is theirs or absent; none of it is made up.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import msgspec

from chassis.errors import StartRefused

_PAGE: Final = "docs/reference/sub-processors.md"
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class SubProcessor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A party outside. settings: keys that name its host, with their service; hosts: those that the sources name."""

    purpose: str
    data: str
    used_when: str
    settings: tuple[str, ...]
    hosts: tuple[str, ...]


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the operator says about one. None, or empty: not set."""

    name: Text | None = None
    place: Text | None = None
    certifications: Annotated[tuple[Text, ...], msgspec.Meta(max_length=20)] = ()
    since: date | None = None
    notice_given: date | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One, by its id, with what the operator says."""

    id: str
    processor: SubProcessor
    told: Told


@cache
def sub_processors() -> Mapping[str, SubProcessor]:
    """All that this release knows, by id."""
    text = files("gateway.processors").joinpath("register.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, SubProcessor])


def load(path: Path | None) -> tuple[Entry, ...]:
    """The register with the operator's part. Raises StartRefused for a file that is none or names somebody unknown."""
    told = {} if path is None else _told(path)
    if unknown := set(told) - set(sub_processors()):
        raise StartRefused(f"sub_processors: {path} names {len(unknown)} that are none; see {_PAGE}")
    return tuple(Entry(one, row, told.get(one, Told())) for one, row in sub_processors().items())


def _told(path: Path) -> dict[str, Told]:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), dict[str, Told])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError):
        raise StartRefused(f"sub_processors: {path} is no file of sub-processors; see {_PAGE}") from None
