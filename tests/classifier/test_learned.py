"""The learned engine: it learns, it names only what is offered, and no sender outweighs everybody else."""

from typing import Any

import numpy as np
import pytest

from classifier import learned, table
from classifier.choice import Engine, Reason
from classifier.feature_key import FeatureKey
from classifier.features import Group
from classifier.profile import seal
from classifier.table import MAX_CELLS, MAX_CLASSES, UNKNOWN, Table

FOLDERS = ["fol_bills", "fol_travel", "fol_family", "fol_work", "fol_news"]


def _accuracy(taught: Any, stream: Any) -> float:
    right = [taught.choose(message, FOLDERS).folder == FOLDERS.index(folder) for message, folder in stream]
    return sum(right) / len(right)


def test_learning_improves(taught: Any, post: Any) -> None:
    """Nothing learned files nothing; ten filings are a start; four hundred file nearly all that can be known."""
    assert _accuracy(taught, post.stream(100, seed=1)) == 0
    few = _accuracy(taught.learn_all(post.stream(10)), post.stream(100, seed=1))
    many = _accuracy(taught.learn_all(post.stream(400, seed=2)), post.stream(100, seed=1))
    assert 0.2 < few < many
    assert many >= 0.9


def test_nothing_learned_abstains(taught: Any, post: Any) -> None:
    """Without a profile there is no folder, no confidence and no engine."""
    choice = taught.choose(post.message(), FOLDERS)
    assert (choice.folder, choice.confidence, choice.engine) == (None, 0.0, Engine.NONE)
    assert choice.reason is Reason.NOTHING_LEARNED


def test_a_learned_folder_that_is_not_offered_is_masked(taught: Any, post: Any) -> None:
    """The sure folder isn't offered: another one is chosen, with the little confidence that it deserves."""
    taught.learn_all(post.stream(300))
    message, folder = next(post.stream(1, seed=5))
    sure = taught.choose(message, FOLDERS)
    others = [each for each in FOLDERS if each != folder]
    masked = taught.choose(message, others)
    assert FOLDERS[sure.folder] == folder
    assert masked.folder is not None
    assert masked.confidence < 0.3 < sure.confidence
    assert taught.choose(message, ["fol_unheard_of"]).folder is None
    assert taught.choose(message, []).folder is None


def test_reasons_follow_the_signal(taught: Any, post: Any) -> None:
    """A known sender with a strange subject is filed by sender; a stranger with known words by words."""
    taught.learn_all(post.stream(400))
    by_sender = taught.choose(post.message("p1@d1.test", "zzz qqq xxx"), FOLDERS)
    by_words = taught.choose(post.message("nobody@nowhere.test", "flight seat gate"), FOLDERS)
    assert (FOLDERS[by_sender.folder], by_sender.reason) == ("fol_travel", Reason.SENDER)
    assert (FOLDERS[by_words.folder], by_words.reason) == ("fol_travel", Reason.WORDS)


def test_one_sender_cannot_outweigh_everybody(taught: Any, post: Any) -> None:
    """A sender filed a thousand times teaches what others share at most SENDER_FLOOR times.

    Its words and its habit weigh no more than that, and mail of others keeps its folder.
    """
    taught.learn_all(post.stream(200))
    for number in range(1000):
        taught.learn(post.message("flood@bulk.test", f"flight seat gate {number}"), "fol_news")
    news = taught.engine.labels.index(taught.engine.key.label("fol_news"))
    word = taught.engine.table.find([taught.engine.key.feature(Group.WORD, "flight")])[0]
    sender = taught.engine.table.find([taught.engine.key.feature(Group.SENDER, "flood@bulk.test")])[0]
    assert taught.engine.table.counts[word, news] <= 1.2 * learned.SENDER_FLOOR
    assert taught.engine.habit[news] <= 1.2 * learned.SENDER_FLOOR + 200
    assert taught.engine.table.seen[sender] == 1000
    assert taught.engine.table.seen[word] <= 1.2 * learned.SENDER_FLOOR + 200
    travel = taught.choose(post.message("p1@d1.test", "flight seat 7"), FOLDERS)
    assert FOLDERS[travel.folder] == "fol_travel"
    flood = taught.choose(post.message("flood@bulk.test", "flight seat gate 7"), FOLDERS)
    assert FOLDERS[flood.folder] == "fol_news"


def test_no_feature_says_more_than_its_bound(taught: Any, post: Any) -> None:
    """A weight at its bound is not moved past it, however wrong the answer was."""
    message = post.message(subject="flight")
    for folder in ("fol_bills", "fol_travel"):
        taught.learn(message, folder)
    rows = taught.engine.table.weights[1 : taught.engine.table.size]
    rows[:, 0], rows[:, 1] = -learned.MAX_WEIGHT, learned.MAX_WEIGHT
    rows[0, 0] = learned.MAX_WEIGHT
    taught.learn(message, "fol_bills")
    assert np.abs(taught.engine.table.weights).max() == learned.MAX_WEIGHT


def test_a_flood_decides_nothing_about_confidence(taught: Any, post: Any) -> None:
    """Past its share, what a sender sends moves neither the calibration nor what opinions are trusted with."""
    taught.learn_all(post.stream(200))
    for number in range(learned.SENDER_FLOOR):
        taught.learn(post.message("flood@bulk.test", f"flight {number}"), "fol_news")
    before = taught.engine.calibration.weights.tolist(), taught.engine.mixture.weights.tolist()
    for number in range(100):
        taught.learn(post.message("flood@bulk.test", f"flight seat {number}"), FOLDERS[number % 5])
    assert (taught.engine.calibration.weights.tolist(), taught.engine.mixture.weights.tolist()) == before


def test_confidence_is_told_in_steps(taught: Any, post: Any) -> None:
    """What a choice says of itself is a tenth, 0.97 or 0.99; no finer, for any message."""
    taught.learn_all(post.stream(30))
    told = {taught.choose(message, FOLDERS).confidence for message, _ in post.stream(100, seed=8)}
    assert len(told) > 1
    assert told <= {number / 10 for number in range(10)} | {0.97, 0.99}


def test_copies_go_where_their_forerunners_did_not(taught: Any, post: Any) -> None:
    """Who files each bulletin twice, first here, then there, finds the copy going there and the next one here."""
    for number in range(30):
        taught.learn(post.message(subject=f"Bulletin of day {number}"), "fol_news")
        taught.learn(post.message(subject=f"Bulletin of day {number}"), "fol_work")
    first = taught.choose(post.message(subject="Bulletin of day 30"), FOLDERS)
    taught.learn(post.message(subject="Bulletin of day 30"), "fol_news")
    copy = taught.choose(post.message(subject="Bulletin of day 30"), FOLDERS)
    assert [FOLDERS[choice.folder] for choice in (first, copy)] == ["fol_news", "fol_work"]


def test_a_changed_habit_is_followed(taught: Any, post: Any) -> None:
    """The owner files a sender elsewhere from now on; some filings later the engine does so too."""
    taught.learn_all(post.stream(200))
    for number in range(6):
        taught.learn(post.message("p1@d1.test", f"flight seat {number}"), "fol_family")
    assert FOLDERS[taught.choose(post.message("p1@d1.test", "flight seat 9"), FOLDERS).folder] == "fol_family"


def test_the_same_mail_learns_the_same(teach: Any, post: Any) -> None:
    """Learning is deterministic: two engines under one key end with the same bytes."""
    one, two = (teach().learn_all(post.stream(150)) for _ in range(2))
    assert seal(one.engine) == seal(two.engine)


def test_accuracy_does_not_hang_on_the_key(teach: Any, post: Any) -> None:
    """The key hides, it doesn't decide: under other keys as many are right, give or take a percent."""
    found = [
        _accuracy(teach(FeatureKey(bytes([number] * 32))).learn_all(post.stream(200)), post.stream(100, seed=3))
        for number in (1, 2, 3)
    ]
    assert max(found) - min(found) <= 0.01


def test_folders_beyond_the_limit_push_out_the_longest_unused(taught: Any, post: Any) -> None:
    """A profile knows at most MAX_CLASSES folders; the one that was longest unused is forgotten, the others stay."""
    for number in range(MAX_CLASSES + 3):
        taught.learn(post.message(f"s{number}@x.test", f"subject {number}"), f"fol_{number}")
    assert len(taught.engine.labels) == MAX_CLASSES == taught.engine.table.classes
    assert taught.engine.key.label("fol_0") not in taught.engine.labels
    assert taught.engine.key.label("fol_100") in taught.engine.labels
    last = MAX_CLASSES + 2
    assert taught.choose(post.message(f"s{last}@x.test", "subject"), ["fol_1000", f"fol_{last}"]).folder == 1
    assert taught.choose(post.message("s100@x.test", "subject"), ["fol_99", "fol_100", "fol_101"]).folder == 1


def test_a_full_table_forgets_the_least_and_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit of rows, what was seen often or lately stays; memory doesn't grow."""
    monkeypatch.setattr(table, "MAX_ROWS", 64)
    full = Table()
    full.add_class()
    for now in range(500):
        full.reserve(2)
        rows = full.ensure([7, 1000 + now] if now < 100 else [1000 + now])
        full.seen[rows] += 1
        full.touched[rows] = now
    assert full.size <= 64
    assert full.seen[full.find([7])[0]] == 100
    assert full.find([1499])[0] != UNKNOWN
    assert full.find([1000])[0] == UNKNOWN


def test_a_dropped_folder_leaves_no_trace() -> None:
    """The columns behind it move down with their numbers, memories of it are gone."""
    some = Table()
    for _ in range(3):
        some.add_class()
    some.reserve(3)
    rows = some.ensure([1, 2, 3])
    some.weights[rows, [0, 1, 2]] = [1, 2, 3]
    some.last[rows] = [0, 1, 2]
    some.drop_class(1)
    assert some.weights[rows, :3].tolist() == [[1, 0, 0], [0, 0, 0], [0, 3, 0]]
    assert some.last[rows].tolist() == [0, -1, 1]


def test_memory_is_bounded_for_many_folders() -> None:
    """However many folders, a matrix has at most MAX_CELLS cells."""
    wide = Table()
    wide.reserve(40_000)
    wide.ensure(range(39_000))
    for _ in range(MAX_CLASSES):
        wide.add_class()
    assert wide.weights.size <= MAX_CELLS
    assert wide.size <= wide.limit


def test_unknown_features_say_nothing(taught: Any, post: Any) -> None:
    """Row 0, which stands for everything never seen, stays zero whatever is learned."""
    taught.learn_all(post.stream(100))
    assert not np.any(taught.engine.table.weights[UNKNOWN])
    assert not np.any(taught.engine.table.counts[UNKNOWN])
    assert taught.engine.table.last[UNKNOWN] == -1
