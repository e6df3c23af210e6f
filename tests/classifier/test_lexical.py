"""What a folder's name says: something, and never enough for a move."""

import time
from collections.abc import Sequence
from typing import Any

import pytest

from classifier import gate, lexical
from classifier.choice import ABSTAINED, Engine, Reason
from classifier.gate import ClearedFolder
from classifier.lexical import MAX_TEXT, FolderNames, letter_groups
from classifier.marks import marks
from classifier.offer import NAMED_AT_MOST
from gateway.organise.decision import MOVE_AT
from mail_organiser.columns import FolderText
from mail_organiser.digest import folder_digest
from mail_organiser.mail.v1.mail_pb2 import Purpose

NAMES = ("Projects / Bridgeline", "Projects / Longview", "Projects / Taxes", "Choir")


@pytest.fixture
def cleared(sentinel: Any) -> Any:
    """Folders through the gate."""

    def through(folders: Sequence[FolderText]) -> list[ClearedFolder]:
        clearance = sentinel.clear(bytes(16), [folder_digest(Purpose.PURPOSE_FOLDER, each) for each in folders])
        return gate.open_batch(clearance, trust=sentinel.trust, batch_id=bytes(16), now=time.time()).folders(folders)

    return through


@pytest.fixture
def folders(cleared: Any) -> list[ClearedFolder]:
    return list(cleared([FolderText(f"fol_{number}", name) for number, name in enumerate(NAMES)]))


def test_a_name_in_a_subject_counts(taught: Any, post: Any, folders: list[ClearedFolder]) -> None:
    """The folder whose own word is there leads; a word that most folders share counts little."""
    names = FolderNames(folders)
    own = names.hints(taught.cleared(post.message(subject="RE: Bridgeline cash")))
    shared = names.hints(taught.cleared(post.message(subject="projects")))
    none = names.hints(taught.cleared(post.message(subject="lunch")))
    assert own.argmax() == 0
    assert own[0] > 0.5 > own[1:].max()
    assert shared.max() < 0.25
    assert not none.any()


def test_a_description_counts_as_a_name_does(taught: Any, post: Any, cleared: Any) -> None:
    """What the owner wrote about a folder is read, too."""
    names = FolderNames(cleared([FolderText("fol_0", "Misc", "sailing regatta"), FolderText("fol_1", "Other")]))
    assert names.hints(taught.cleared(post.message(subject="Sailing regatta on Sunday"))).argmax() == 0


def test_a_folder_of_which_only_the_name_is_known_is_suggested_and_never_moved_to(
    taught: Any, post: Any, folders: list[ClearedFolder]
) -> None:
    """Before anything was learned, and beside what was: below the confidence at which a decision is a move."""
    assert NAMED_AT_MOST < MOVE_AT
    engine, names = taught.engine, FolderNames(folders)
    message = taught.cleared(post.message("new@new.test", "choir practice on Monday"))
    seen, hints = marks(message, engine.key), names.hints(message)
    cold = engine.choose(seen, engine.offer([engine.key.label(each.text.id) for each in folders]), hints)
    assert (cold.folder, cold.engine, cold.reason) == (3, Engine.LEARNED, Reason.WORDS)
    assert 0.35 < cold.confidence <= NAMED_AT_MOST
    taught.learn_all(post.stream(200))
    warm = engine.choose(seen, engine.offer([engine.key.label(each.text.id) for each in folders]), hints)
    assert warm == cold


def test_no_name_no_choice(taught: Any, post: Any, folders: list[ClearedFolder]) -> None:
    """Nothing learned and no name in the message: abstained."""
    message = taught.cleared(post.message("new@new.test", "lunch"))
    offer = taught.engine.offer([taught.engine.key.label(each.text.id) for each in folders])
    assert (
        taught.engine.choose(marks(message, taught.engine.key), offer, FolderNames(folders).hints(message)) == ABSTAINED
    )


def test_a_name_helps_a_folder_that_holds_little(taught: Any, post: Any, folders: list[ClearedFolder]) -> None:
    """One filing and the name in the subject: more sure than the filing alone."""
    taught.learn_all(post.stream(100))
    taught.learn(post.message("z@y.test", "Bridgeline"), folders[0].text.id)
    message = taught.cleared(post.message("other@x.test", "Bridgeline receivables"))
    seen, engine = marks(message, taught.engine.key), taught.engine
    offer = engine.offer([engine.key.label(each) for each in (folders[0].text.id, "fol_bills", "fol_travel")])
    opinion = engine._opine(engine._look(seen, grow=False), offer.habits)
    hinted = offer.hinted(opinion.logits, opinion.probabilities, FolderNames(folders[:3]).hints(message))
    assert hinted[offer.classes[0]] > opinion.probabilities[offer.classes[0]]


def test_what_is_looked_up_is_bounded(
    taught: Any, post: Any, folders: list[ClearedFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many words come by, only so many are kept, and each is answered as before."""
    monkeypatch.setattr(lexical, "_MOST_KNOWN", 16)
    names = FolderNames(folders)
    for number in range(20):
        words = " ".join(f"word{number}x{at}" for at in range(10))
        hints = names.hints(taught.cleared(post.message(subject=f"Bridgeline {words}")))
        assert hints.argmax() == 0
        assert len(names._known) <= 16


def test_a_long_name_is_bounded() -> None:
    """However long a name, only its first code points are read."""
    assert len(letter_groups("abcdefghij" * 10_000)) <= MAX_TEXT
    assert letter_groups(None) == set()
    assert letter_groups("ab _ tax") == {"tax"}
