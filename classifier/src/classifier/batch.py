"""One batch through the learned engine: a profile in, choices or a longer profile out. Pure but for patience.

Guarantees: gives up between two messages when the caller no longer waits. Must never take a text that isn't cleared.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event

from chassis.errors import DeadlineExceeded
from classifier.choice import Choice
from classifier.feature_key import FeatureKey
from classifier.forgetting import forget_folder, forget_message
from classifier.gate import Cleared, ClearedFolder
from classifier.lexical import FolderNames
from classifier.marks import marks
from classifier.profile import open_profile, seal
from classifier.well_known.kinds import kinds
from classifier.well_known.suggestion import Suggestions


class Patience:
    """How long the caller waits. seconds: from now. Safe to end from another thread."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._gone = Event()

    def end(self) -> None:
        """The caller is gone."""
        self._gone.set()

    def check(self) -> None:
        """Raises DeadlineExceeded when nobody waits any more."""
        if self._gone.is_set() or time.monotonic() >= self._until:
            raise DeadlineExceeded


@dataclass(frozen=True, slots=True)
class Filing:
    """A message that the owner filed, and the opaque id of the folder."""

    message: Cleared
    folder_id: str


def classify(
    profile: bytes, key: FeatureKey, messages: Sequence[Cleared], folders: Sequence[ClearedFolder], patience: Patience
) -> list[Choice]:
    """A choice for each message, naming one of these folders or none. ProfileRefused if the profile isn't whole."""
    engine = open_profile(profile, key)
    offer = engine.offer([key.label(folder.text.id) for folder in folders])
    names, suggestions = FolderNames(folders), Suggestions(folders, kinds())
    choices = []
    for message in messages:
        patience.check()
        choice = engine.choose(marks(message, key), offer, names.hints(message))
        choices.append(suggestions.instead_of(choice, message))
    return choices


def learn(profile: bytes, key: FeatureKey, filings: Sequence[Filing], patience: Patience) -> tuple[bytes, int]:
    """The longer profile, and how many messages it has learned from. ProfileRefused if the profile isn't whole."""
    engine = open_profile(profile, key)
    for filing in filings:
        patience.check()
        engine.learn(marks(filing.message, key), key.label(filing.folder_id))
    patience.check()
    return seal(engine), engine.learned


def forget(
    profile: bytes, key: FeatureKey, filings: Sequence[Filing], folder_ids: Sequence[str], patience: Patience
) -> tuple[bytes, int]:
    """The profile without these filings and folders, and what it has learned from in all; both as after learn.

    What was never learned is no error. ProfileRefused if the profile isn't whole.
    """
    engine = open_profile(profile, key)
    for filing in filings:
        patience.check()
        forget_message(engine, marks(filing.message, key), key.label(filing.folder_id))
    for folder_id in folder_ids:
        patience.check()
        forget_folder(engine, key.label(folder_id))
    return seal(engine), engine.learned
