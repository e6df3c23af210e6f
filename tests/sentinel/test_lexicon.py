"""The lexicon: what an entry matches, and that it is the closed list it says it is."""

import pytest

from sentinel.lexicon import book
from sentinel.lexicon.concept import Concept
from sentinel.lexicon.reader import LexiconReader, true_places


def reader(*entries: str) -> LexiconReader:
    patterns = [book._pattern(entry) for entry in entries]
    return LexiconReader(
        {pattern: frozenset({Concept(number)}) for number, pattern in enumerate(patterns, 1) if pattern}
    )


def found(lexicon: LexiconReader, text: str) -> list[str]:
    tokens = lexicon.read([text])
    start, end = true_places([text], tokens.text, tokens.start, tokens.end)
    return [text[first:last] for first, last in zip(start.tolist(), end.tolist(), strict=True)]


@pytest.mark.parametrize(
    ("entry", "hit", "near"),
    [
        ("folder", "a folder here", "folders"),
        ("ignor*", "ignoring it", "signor"),
        ("*ordner*", "der posteingangsordner", "der order"),
        ("set aside", "set aside that", "set that aside"),
        ("归档", "请归档此邮件", "归类"),
        ("Überschreib*", "uberschreibe alles", "uber alles"),
    ],
)
def test_an_entry_matches_what_it_says(entry: str, hit: str, near: str) -> None:
    """Whole words, beginnings, parts, several words, scripts without spaces; folded as texts are."""
    assert found(reader(entry), hit) != []
    assert found(reader(entry), near) == []


def test_neighbours_are_both_found() -> None:
    """One blank ends a word and begins the next."""
    assert found(reader("ignore", "all", "rules"), "ignore all rules") == ["ignore", "all", "rules"]


def test_the_longest_of_those_that_begin_first_counts() -> None:
    """Or a word would be counted for its own beginning, too."""
    assert found(reader("mail*", "mail sorter"), "mail sorter") == ["mail sorter"]


def test_a_text_of_a_batch_keeps_to_itself() -> None:
    """No entry runs from one text into the next."""
    tokens = reader("set aside").read(["set", "aside", "", "set aside"])
    assert tokens.text.tolist() == [3]


def test_every_language_speaks_of_known_concepts_only() -> None:
    """And there are at least two dozen languages."""
    lexicon = book.read_lexicon()
    assert {concept for concepts in lexicon.values() for concept in concepts} == set(Concept)
    assert len({language for language, _, _ in book.entries()}) >= 24


def test_no_pattern_means_everything() -> None:
    """A pattern without a letter, or that is one letter of an alphabet anywhere, would find itself in all mail."""
    for pattern in book.read_lexicon():
        assert any(map(str.isalnum, pattern))
        assert len(pattern.strip()) > 1 or not pattern.isascii() or pattern.startswith(" "), pattern
