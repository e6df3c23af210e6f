"""What was learned can be forgotten: one folder, or one message; and what remains is what the module says."""

from typing import Any

import numpy as np

from classifier.features import LAST_GROUPS, Group
from classifier.forgetting import forget_folder, forget_message
from classifier.marks import marks
from classifier.profile import open_profile, seal
from classifier.table import UNKNOWN

FOLDERS = ["fol_bills", "fol_travel", "fol_family", "fol_work", "fol_news"]


def _label(taught: Any, folder: str) -> int:
    return int(taught.engine.key.label(folder))


def test_a_forgotten_folder_is_never_chosen(taught: Any, post: Any) -> None:
    """Mail that went there goes elsewhere, with little confidence, or stays; the profile has no such label."""
    taught.learn_all(post.stream(300))
    message = next(message for message, folder in post.stream(50, seed=3) if folder == "fol_travel")
    assert FOLDERS[taught.choose(message, FOLDERS).folder] == "fol_travel"
    assert forget_folder(taught.engine, _label(taught, "fol_travel"))
    engine = open_profile(seal(taught.engine), taught.engine.key)
    assert _label(taught, "fol_travel") not in engine.labels
    assert len(engine.labels) == len(engine.habit) == len(engine.recent) == engine.table.classes == 4
    assert FOLDERS[taught.choose(message, FOLDERS).folder] != "fol_travel"
    assert taught.choose(message, ["fol_travel"]).folder is None


def test_nothing_names_a_forgotten_folder(taught: Any, post: Any) -> None:
    """Not even with the key: no feature says "the last one went there", and what only it had is gone."""
    taught.learn_all(post.stream(200))
    taught.learn(post.message("only@here.test", "Zanzibar", recipients=("solo@here.test",)), "fol_secret")
    taught.learn(post.message("only@here.test", "Zanzibar", recipients=("solo@here.test",)), "fol_secret")
    label, key = _label(taught, "fol_secret"), taught.engine.key
    about = [key.memory(group, label) for group in LAST_GROUPS] + [key.memory(Group.COPY, 0, label)]
    about += [key.feature(Group.WORD, "zanzibar"), key.feature(Group.SENDER, "only@here.test")]
    assert np.count_nonzero(taught.engine.table.find(about)) >= 5
    forget_folder(taught.engine, label)
    assert not np.any(taught.engine.table.find(about))
    assert taught.engine.copies.classes == []


def test_what_came_after_a_forgotten_folder_does_not_name_it(taught: Any, post: Any) -> None:
    """Mail that was filed elsewhere, after mail of the same sender went there, had features that name the folder."""
    for folder in ("fol_secret", "fol_work", "fol_secret", "fol_work"):
        for subject in ("one", "one", "two"):
            taught.learn(post.message("ann@x.test", subject), folder)
    label, key = _label(taught, "fol_secret"), taught.engine.key
    sender = key.feature(Group.SENDER, "ann@x.test")
    about = [key.memory(group, label) for group in LAST_GROUPS]
    about += [key.memory(Group.COPY, 0, label), key.memory(Group.COPY, 2, label, sender)]
    assert np.all(taught.engine.table.find(about))
    forget_folder(taught.engine, label)
    assert not np.any(taught.engine.table.find(about))
    assert taught.engine.table.find([sender])[0] != UNKNOWN


def test_the_other_folders_keep_what_they_know(taught: Any, post: Any) -> None:
    """Forgetting one folder leaves the choices among the others as right as they were."""
    taught.learn_all(post.stream(400))
    forget_folder(taught.engine, _label(taught, "fol_news"))
    fresh = [(message, folder) for message, folder in post.stream(200, seed=4) if folder != "fol_news"]
    right = [FOLDERS[taught.choose(message, FOLDERS).folder] == folder for message, folder in fresh]
    assert sum(right) / len(right) > 0.85


def test_an_unknown_folder_is_no_change(taught: Any, post: Any) -> None:
    """To forget what was never learned is no error and changes nothing."""
    before = seal(taught.learn_all(post.stream(50)).engine)
    seen = marks(taught.cleared(post.message()), taught.engine.key)
    assert not forget_folder(taught.engine, 17)
    assert not forget_message(taught.engine, seen, 17)
    assert seal(taught.engine) == before


def test_a_message_is_taken_back(taught: Any, post: Any) -> None:
    """Right after it was learned, its counts, sightings, habit and memories are those of before, its own words gone."""
    taught.learn_all(post.stream(200))
    table, engine = taught.engine.table, taught.engine
    message = post.message("p1@d1.test", "flight zanzibar")
    seen = marks(taught.cleared(message), engine.key)
    habit = engine.habit.copy()
    taught.learn(message, "fol_family")
    sender = table.find(seen.keys[:1])[0]
    sightings = table.seen[sender]
    assert forget_message(engine, seen, _label(taught, "fol_family"))
    sender = table.find(seen.keys[:1])[0]
    family = engine.labels.index(_label(taught, "fol_family"))
    assert table.seen[sender] == sightings - 1
    assert table.counts[sender, family] < 0.5
    assert engine.habit.tolist() == habit.tolist()
    assert table.find([engine.key.feature(Group.WORD, "zanzibar")])[0] == UNKNOWN
    assert engine.copies.of(seen.letter) == []


def test_the_only_message_of_a_folder_takes_it_along(taught: Any, post: Any) -> None:
    """A folder of which nothing is left is forgotten as a folder; memories of it are gone."""
    taught.learn_all(post.stream(100))
    message = post.message("only@here.test", "Zanzibar")
    taught.learn(message, "fol_secret")
    seen = marks(taught.cleared(message), taught.engine.key)
    forget_message(taught.engine, seen, _label(taught, "fol_secret"))
    assert _label(taught, "fol_secret") not in taught.engine.labels
    assert open_profile(seal(taught.engine), taught.engine.key).learned == 101
    assert taught.choose(message, ["fol_secret"]).folder is None


def test_what_a_memory_falls_back_to(taught: Any, post: Any) -> None:
    """When the last filing of a sender is taken back, the memory is the folder that most of its mail is in."""
    for number in range(3):
        taught.learn(post.message("ann@x.test", f"one {number}"), "fol_bills")
    last = post.message("ann@x.test", "zwei")
    taught.learn(last, "fol_work")
    seen = marks(taught.cleared(last), taught.engine.key)
    sender = taught.engine.table.find(seen.keys[:1])[0]
    assert taught.engine.table.last[sender] == 1
    forget_message(taught.engine, seen, _label(taught, "fol_work"))
    sender = taught.engine.table.find(seen.keys[:1])[0]
    assert taught.engine.table.last[sender] == 0


def _compared(one: Any, other: Any, post: Any) -> tuple[int, float]:
    """Of 200 fresh messages: how many get another folder, and by how much confidence differs on average."""
    pairs = [(one.choose(text, FOLDERS), other.choose(text, FOLDERS)) for text, _ in post.stream(200, seed=4)]
    apart = [abs(mine.confidence - theirs.confidence) for mine, theirs in pairs]
    return sum(mine.folder != theirs.folder for mine, theirs in pairs), sum(apart) / len(apart)


def test_after_a_folder_it_is_nearly_as_if_it_had_never_been_learned(teach: Any, post: Any) -> None:
    """Beside a profile that never learned it: the same choices, and confidence within two points on average."""
    forgot, never = teach(), teach()
    for text, folder in post.stream(400):
        forgot.learn(text, folder)
        if folder != "fol_news":
            never.learn(text, folder)
    forget_folder(forgot.engine, _label(forgot, "fol_news"))
    assert _compared(forgot, never, post) <= (0, 0.02)


def test_after_a_message_it_is_nearly_as_if_it_had_never_been_learned(teach: Any, post: Any) -> None:
    """One from the middle of 400: the same choices, confidence within half a point, and the very same features."""
    forgot, never = teach(), teach()
    message = post.message("p1@d1.test", "flight zanzibar")
    for number, (text, folder) in enumerate(post.stream(400)):
        forgot.learn(text, folder)
        never.learn(text, folder)
        if number == 200:
            forgot.learn(message, "fol_family")
    assert forget_message(
        forgot.engine, marks(forgot.cleared(message), forgot.engine.key), _label(forgot, "fol_family")
    )
    assert set(forgot.engine.table.row_of) == set(never.engine.table.row_of)
    assert _compared(forgot, never, post) <= (0, 0.005)


def test_learned_anew_without_it_is_to_the_byte_as_if_it_had_never_been_learned(teach: Any, post: Any) -> None:
    """What a discarded profile becomes: what is left, in its order, makes the same bytes each time."""
    anew, never = (teach().learn_all(one for one in post.stream(100) if one[1] != "fol_news") for _ in range(2))
    assert seal(anew.engine) == seal(never.engine)
