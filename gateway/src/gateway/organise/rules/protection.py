"""What must stay where it is: senders, lists, organisations and folders that the owner protects, and habits. Data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from gateway.organise.choice import FolderKey
from gateway.organise.rules.matcher import Matcher

MOST_HOURS: Final = 24 * 90  # of the delay; who waits longer than a quarter does not want it sorted


class StayReason(StrEnum):
    """Why a message stays; the codes of a preview's `reason`."""

    DRAFT = "draft"
    PROTECTED_FOLDER = "protected_folder"
    PROTECTED_SENDER = "protected_sender"
    PROTECTED_LIST = "protected_list"
    PROTECTED_ORGANISATION = "protected_organisation"
    FLAGGED = "flagged"
    REPLIED_TO = "replied_to"
    RECENT = "recent"
    RULE_AT_GOAL = "rule_at_goal"
    RULE_PAUSED = "rule_paused"


@dataclass(frozen=True, slots=True)
class Protection:
    """Mail that the matcher knows, or all mail of the folder, stays."""

    id: str
    what: Matcher | FolderKey


@dataclass(frozen=True, slots=True)
class Keeping:
    """What stays by itself: mail of people whom the owner wrote to, flagged mail, mail younger than so many hours.

    The first two are on until they are switched off: a flag and a letter are the owner's own word that this matters.
    The delay is off (0) until it is set: nothing moves without approval, and a preview is to show the newest mail too.
    """

    replied_to: bool = True
    flagged: bool = True
    younger_than_hours: int = 0


@dataclass(frozen=True, slots=True)
class Protections:
    """A mailbox's."""

    by_matcher: Mapping[Matcher, Protection]
    folders: Mapping[FolderKey, Protection]
    keeping: Keeping

    @classmethod
    def of(cls, protections: Iterable[Protection], keeping: Keeping) -> Self:
        """From the protections as they are kept."""
        kept = list(protections)
        folders = {one.what: one for one in kept if isinstance(one.what, str)}
        return cls({one.what: one for one in kept if not isinstance(one.what, str)}, folders, keeping)
