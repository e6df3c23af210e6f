"""The published set: whole, of names that Outlook shows, and clean to sentinel like an owner's own folders."""

import pytest

from classifier.well_known.kinds import kinds
from gateway.graph.new_folder import NewFolder
from gateway.organise.folders import MAX_CHOSEN, MAX_DESCRIPTION
from gateway.starter.starter import Language, starter_folders
from sentinel.finding import Field
from sentinel.inspector import Inspector, detectors
from sentinel.item import Item
from sentinel.operating_point import POINTS, Strictness
from sentinel.verdict import Outcome

EVERY = [(folder, language) for folder in starter_folders().values() for language in Language]


def test_the_set_is_what_people_ask_for() -> None:
    """The ids are a contract: clients name them, and the classifier's kinds of senders are called the same."""
    assert set(starter_folders()) >= {"receipts", "travel", "banking", "newsletters", "social", "work", "health"}
    assert set(starter_folders()) == set(kinds().of_domain.values())
    assert len(starter_folders()) <= MAX_CHOSEN


def test_every_name_is_one_that_outlook_shows_and_no_two_are_alike() -> None:
    """In each language."""
    for language in Language:
        names = [folder.name(language) for folder in starter_folders().values()]
        assert len({name.casefold() for name in names}) == len(names)
        assert all(NewFolder(name).name == name for name in names)


def test_descriptions_are_one_short_sentence() -> None:
    """An owner may edit them within the same bound."""
    for folder, language in EVERY:
        text = folder.description(language)
        assert text.endswith(".")
        assert text.count(".") == 1
        assert len(text) <= min(120, MAX_DESCRIPTION)


@pytest.mark.parametrize("strictness", list(Strictness))
def test_every_text_is_clean_to_sentinel(strictness: Strictness) -> None:
    """However strict it is: one that wasn't would leave its folder out of every scan."""
    texts = [
        {Field.FOLDER_NAME: folder.name(language), Field.FOLDER_DESCRIPTION: folder.description(language)}
        for folder, language in EVERY
    ]
    verdicts = Inspector(detectors(), POINTS[strictness]).inspect([Item(each) for each in texts])
    assert [text for text, verdict in zip(texts, verdicts, strict=True) if verdict.outcome is not Outcome.CLEAN] == []


def test_the_classifier_knows_what_each_is_for() -> None:
    """By its name in every language; a description speaks of no other kind."""
    for folder, language in EVERY:
        assert kinds().said_by(folder.name(language)) == {folder.id}
        assert kinds().said_by(folder.description(language)) <= {folder.id}
