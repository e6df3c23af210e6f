"""The published starter folders of this release. Read once from the package's own file; nothing of a person."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Language(StrEnum):
    """In which the names are; descriptions that are not translated are English."""

    ENGLISH = "en"
    GERMAN = "de"
    SPANISH = "es"
    FRENCH = "fr"
    ITALIAN = "it"
    DUTCH = "nl"
    PORTUGUESE = "pt"


@dataclass(frozen=True, slots=True)
class StarterFolder:
    """One that may be adopted. id: the kind of mail it is for."""

    id: str
    names: Mapping[Language, str]
    descriptions: Mapping[Language, str]

    def name(self, language: Language) -> str:
        """What Outlook will show."""
        return self.names[language]

    def description(self, language: Language) -> str:
        """One sentence, in this language or in English."""
        return self.descriptions.get(language, self.descriptions[Language.ENGLISH])


@cache
def starter_folders() -> Mapping[str, StarterFolder]:
    """All of them by id, in the order of their ids."""
    tables = tomllib.loads(files("gateway.starter").joinpath("folders.toml").read_text("utf-8"))
    return {name: _read(name, tables[name]) for name in sorted(tables)}


def _read(name: str, table: Mapping[str, Mapping[str, str]]) -> StarterFolder:
    return StarterFolder(name, _by_language(table["name"]), _by_language(table["description"]))


def _by_language(texts: Mapping[str, str]) -> Mapping[Language, str]:
    return {Language(code): text for code, text in texts.items()}
