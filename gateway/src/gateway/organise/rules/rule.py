"""A rule: whose mail goes into which folder. Data; evaluation.evaluate says what it does."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from gateway.organise.choice import FolderKey
from gateway.organise.rules.matcher import Matcher


@dataclass(frozen=True, slots=True)
class Rule:
    """Mail that the matcher knows goes into the folder."""

    id: str
    matcher: Matcher
    folder: FolderKey


@dataclass(frozen=True, slots=True)
class Rules:
    """A mailbox's, at most one a matcher. targets: the folders that mail may be filed in now."""

    by_matcher: Mapping[Matcher, Rule]
    targets: frozenset[FolderKey]

    @classmethod
    def of(cls, rules: Iterable[Rule], targets: Iterable[FolderKey]) -> Self:
        """From the rules and the folders as they are."""
        return cls({one.matcher: one for one in rules}, frozenset(targets))
