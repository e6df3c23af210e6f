"""The words around the data: a versioned file, read once. Filling in is one pass, so that data is never read as words.

Guarantees: what it makes is Safe, a type that nothing else makes, and it takes only what is Safe or a prompt form.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final, NewType

from mail_organiser.prompt_form import PromptForm, prompt_form

VERSION: Final = 2
_PART: Final = re.compile(r"\{([a-z_]+)\}")

Safe = NewType("Safe", str)  # words of ours, or put together of them and prompt forms
Part = Safe | PromptForm


@dataclass(frozen=True, slots=True)
class Template:
    """The patterns of one version, by name."""

    patterns: Mapping[str, Safe]

    def words(self, name: str) -> Safe:
        """A pattern that has nothing to fill in."""
        return self.patterns[name]

    def filled(self, name: str, /, **parts: Part) -> Safe:
        """A pattern with its parts in their places; a part that is missing or too many raises KeyError."""
        pattern = self.patterns[name]
        if set(_PART.findall(pattern)) != parts.keys():
            raise KeyError("a pattern and its parts differ")
        return Safe(_PART.sub(lambda found: parts[found[1]], pattern))

    def shown(self, text: str | None) -> Part:
        """A text of a mailbox as a prompt may hold it."""
        return self.words("absent") if text is None else prompt_form(text)

    def lines(self, lines: Iterable[Safe]) -> Safe:
        """Lines below one another, or the word for none."""
        return Safe("\n".join(lines)) or self.words("no_lines")


def load() -> Template:
    """The current version's file."""
    raw = files("classifier.provider").joinpath(f"templates/choose-{VERSION}.toml").read_text("utf-8")
    found = tomllib.loads(raw)
    return Template({name: Safe(words.strip("\n")) for name, words in found.items() if isinstance(words, str)})


def folder_id(index: int) -> Safe:
    """The opaque id under which a prompt names a folder; it says nothing and is worth nothing elsewhere."""
    return Safe(f"f{index:02d}")


NO_FOLDER: Final = Safe("none")
