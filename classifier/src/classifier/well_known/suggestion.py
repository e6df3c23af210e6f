"""Before anything was learned: mail of an organisation that sends one kind belongs into the folder for that kind. Pure.

Guarantees: a suggestion's confidence is at most KNOWN_AT_MOST, below every move, whatever a message or a folder says;
it stands only where the engine itself is less sure; of two folders of one kind neither is suggested.
Must never take a text that isn't cleared.
"""

from collections.abc import Sequence
from typing import Final

from classifier.choice import Choice, Engine, Reason
from classifier.gate import Cleared, ClearedFolder
from classifier.well_known.kinds import Kind, Kinds

KNOWN_AT_MOST: Final = 0.4  # confidence by a hint: under what a folder's own words give, and under every move
_BY_DESCRIPTION: Final = 0.7  # of it, where a folder's description alone is of the kind
_LIST: Final = "newsletters"  # the kind of a list that nobody knows
_BY_LIST: Final = 0.6  # of it: people discuss on lists, too


class Suggestions:
    """What the folders of one request are for."""

    def __init__(self, folders: Sequence[ClearedFolder], known: Kinds) -> None:
        self._known = known
        self._folder_of: dict[Kind, tuple[int, float]] = {}
        named = [known.said_by(folder.text.name) for folder in folders]
        described = [known.said_by(folder.text.description) for folder in folders]
        for kind in {*known.of_word.values()}:
            found = _only(kind, named, 1.0) or _only(kind, described, _BY_DESCRIPTION)
            if found is not None:
                self._folder_of[kind] = found

    def instead_of(self, choice: Choice, message: Cleared) -> Choice:
        """The choice, or a suggestion that is surer than it."""
        kind, share = self._kind(message)
        at, strength = self._folder_of.get(kind, (None, 0.0)) if kind is not None else (None, 0.0)
        confidence = KNOWN_AT_MOST * share * strength
        if at is None or confidence <= choice.confidence:
            return choice
        return Choice(at, confidence, Engine.LEARNED, Reason.WELL_KNOWN)

    def _kind(self, message: Cleared) -> tuple[Kind | None, float]:
        """By the sender, else by who runs the list, else because there is one."""
        domain = (message.text.sender_address or "").rpartition("@")[2]
        list_id = message.text.list_id or ""
        sure = self._known.sent_from(domain) or self._known.sent_from(list_id)
        return (sure, 1.0) if sure or not list_id else (_LIST, _BY_LIST)


def _only(kind: Kind, texts: Sequence[set[Kind]], strength: float) -> tuple[int, float] | None:
    """The one folder that speaks of the kind; None where there are more."""
    found = [at for at, kinds in enumerate(texts) if kind in kinds]
    return (found[0], strength) if len(found) == 1 else None
