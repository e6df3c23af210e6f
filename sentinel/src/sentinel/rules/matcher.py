"""Reads a text against all rules at once, in time linear in the text (RE2: no backtracking).

Guarantees: when RE2 runs out of memory for a set it says "no match"; a pattern that always matches stands guard, and
when it is silent every rule is tried alone. So a full cache never reads as clean.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import re2

from sentinel.canonical.fold import folded
from sentinel.rules.rule import STRONG, Form, Rule

MAX_MEMORY = 64 << 20  # bytes for the automaton of one set; RE2's default of 8 MiB thrashes with this many rules
MAX_MATCHES = 3  # of one rule in one text: more would explain nothing
_SPACELESS = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")  # Thai, Japanese, Chinese, Korean
_FREE = re.compile(r"\\w|\\pL|\.\.\.")  # parts that match any word: without separators they would match anything
_NOT_WORD = re.compile(r"[\W_]")
_ASCII_WORDS = {point: " " for point in range(128) if not chr(point).isalnum()}
_ASCII_LINES = {point: blank for point, blank in _ASCII_WORDS.items() if chr(point) != "\n"}
_LOOKS = (64, 8, 1)  # items that are asked about together, coarse to fine
_GAP = " +(?:[^ ]+ +){0,4}"


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that matched, the span of the original behind it, and whether the words had to be glued together."""

    rule: Rule
    start: int
    end: int
    glued: bool = False


class Page(Protocol):
    """A canonical text whose places lead back to an original."""

    @property
    def text(self) -> str:
        """The text, without line breaks."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original behind text[start:end]."""


RuleSpan = tuple[Rule, int, int]  # a rule, and the code points of a text at which it matched


class Matcher:
    """The rules, compiled. Safe to share between threads."""

    def __init__(self, rules: Sequence[Rule], *, max_memory: int = MAX_MEMORY) -> None:
        """Compiles each kind of rule into one set; a broken pattern raises re2.error."""
        phrases = [rule for rule in rules if rule.form is Form.PHRASE]
        self._phrases = _Set(phrases, _phrase, max_memory)
        self._syntax = _Set([rule for rule in rules if rule.form is Form.SYNTAX], _syntax, max_memory)
        self._solid = _Set([rule for rule in phrases if _can_be_solid(rule)], _solid, max_memory)

    def silent(self, pages: Sequence[Page]) -> bool:
        """True when no rule matches any of the pages, found out in one go: a page is a line."""
        if not pages:
            return True
        texts = [page.text for page in pages]
        lines, text = "\n".join(texts), "\n".join(all_words(texts))
        quiet = self._phrases.is_silent(text) and self._syntax.is_silent(lines)
        return quiet and self._solid.is_silent(text.replace(" ", ""))

    def speaking(self, items: Sequence[Sequence[Page]]) -> list[int]:
        """Numbers of the items of which a page matches a rule. Asks about many at once, because most mail is silent."""
        numbers = list(range(len(items)))
        for size in _LOOKS:
            parts = [numbers[at : at + size] for at in range(0, len(numbers), size)]
            loud = [part for part in parts if not self.silent([page for number in part for page in items[number]])]
            numbers = [number for part in loud for number in part]
        return numbers

    def hits(self, page: Page) -> list[Hit]:
        """Every rule that matches a canonical text."""
        text = words(page.text)
        spans = [*self._phrases.spans(text), *self._syntax.spans(page.text)]
        glued = self._solid_spans(text, {rule.id for rule, _, _ in spans})
        hits = [Hit(rule, *page.span(start, end)) for rule, start, end in spans]
        return hits + [Hit(rule, *page.span(start, end), glued=True) for rule, start, end in glued]

    def _solid_spans(self, text: str, known: set[str]) -> list[RuleSpan]:
        """Spans, in the text, of what matches without separators and begins and ends at words."""
        found = self._solid.spans(text.replace(" ", ""))
        if not found:
            return []
        places = [index for index, character in enumerate(text) if character != " "]
        spans = [(rule, places[start], places[end - 1] + 1) for rule, start, end in found if rule.id not in known]
        return [span for span in spans if _stands_alone(text, span[1], span[2])]


def words(text: str) -> str:
    """Letters and digits as they are, everything else a space: same length, same places."""
    return text.translate(_ASCII_WORDS) if text.isascii() else _NOT_WORD.sub(" ", text)


def all_words(texts: Sequence[str]) -> list[str]:
    """words() of each text: those in ASCII in one go, because a call costs more than a line."""
    plain = [text for text in texts if text.isascii()]
    read = "\n".join(plain).translate(_ASCII_LINES).split("\n")
    if len(read) != len(plain):  # none, or one with a line break in it
        return [words(text) for text in texts]
    done = iter(read)
    return [next(done) if text.isascii() else words(text) for text in texts]


class _Set:
    """Patterns of one kind in one automaton, with a guard."""

    def __init__(self, rules: Sequence[Rule], translate: Callable[[str], str], max_memory: int) -> None:
        self._rules = rules
        self._patterns = [translate(rule.pattern) for rule in rules]
        options = _options(max_memory)
        self._set = re2.Set.SearchSet(options)
        for pattern in (*self._patterns, ""):
            self._set.Add(pattern)
        self._set.Compile()
        self._compiled: dict[int, re2._Regexp] = {}

    def matching(self, data: bytes) -> list[int]:
        """Numbers of the patterns that match, least first."""
        found = self._asked(data)
        if not found or found[-1] != len(self._rules):
            return [index for index in range(len(self._rules)) if self._pattern(index).search(data)]
        return found[:-1]

    def is_silent(self, lines: str) -> bool:
        """True when only the guard matches."""
        return self._asked(lines.encode()) == [len(self._rules)]

    def _asked(self, data: bytes) -> list[int]:
        return sorted(self._set.Match(data) or ())  # None is its word for nothing

    def spans(self, text: str) -> list[RuleSpan]:
        """Rules that match, with the code points of the text where they do."""
        data = text.encode()
        return [span for index in self.matching(data) for span in self._places(index, data)]

    def _places(self, index: int, data: bytes) -> Iterator[RuleSpan]:
        place = 0
        for _ in range(MAX_MATCHES):
            match = self._pattern(index).search(data, place)
            if match is None:
                return
            first, last = match.span(1)
            yield self._rules[index], _points(data, first), _points(data, last)
            place = max(last, place + 1)

    def _pattern(self, index: int) -> "re2._Regexp":
        if index not in self._compiled:
            self._compiled[index] = re2.compile(self._patterns[index], _options(MAX_MEMORY))
        return self._compiled[index]


def _options(max_memory: int) -> re2.Options:
    options = re2.Options()
    options.max_mem = max_memory
    options.log_errors = False
    return options


def _points(data: bytes, offset: int) -> int:
    """Code points before a byte offset."""
    return len(data[:offset].decode())


def _stands_alone(text: str, start: int, end: int) -> bool:
    return not text[:start][-1:].strip() and not text[end : end + 1].strip()


def _can_be_solid(rule: Rule) -> bool:
    return rule.weight >= STRONG and not _FREE.search(rule.pattern) and not _SPACELESS.search(rule.pattern)


def _fold(pattern: str) -> str:
    return "".join(character if character.isascii() else folded(character) for character in pattern)


def _phrase(pattern: str) -> str:
    spaced = _fold(pattern).replace(" ... ", "\0").replace(" ?", "\1").replace(" ", " +")
    body = spaced.replace("\0", _GAP).replace("\1", " *")
    return f"(?m)({body})" if _SPACELESS.search(pattern) else f"(?m)(?:^| )({body})(?: |$)"


def _syntax(pattern: str) -> str:
    return f"(?m)({_fold(pattern)})"


def _solid(pattern: str) -> str:
    return f"(?m)({_fold(pattern).replace(' ?', '').replace(' ', '')})"
