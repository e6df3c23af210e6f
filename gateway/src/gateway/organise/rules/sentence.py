"""A rule, a protection, a proposal in one plain sentence. Pure. Texts in it are to be shown as text."""

from typing import Final, assert_never

from gateway.organise.rules.matcher import MailingList, Matcher, Organisation, Sender
from gateway.organise.rules.protection import StayReason

GONE: Final = "A folder that is no longer there"
REMOVED: Final = "A rule or protection of yours said so; you have removed it since."
_HABITS: Final = {
    StayReason.DRAFT: "It is a draft of yours, so it stays.",
    StayReason.FLAGGED: "You flagged it, so it stays.",
    StayReason.REPLIED_TO: "You have written to its sender, so it stays.",
    StayReason.RECENT: "It is younger than the delay that you set, so it stays.",
}


def habit(reason: str) -> str | None:
    """Why a message stays by itself; None when the reason is none of these."""
    return next((sentence for code, sentence in _HABITS.items() if code == reason), None)


def files(matcher: Matcher, folder: str) -> str:
    """What a rule does."""
    return f"Mail {_whose(matcher)} goes to {folder}."


def at_goal(matcher: Matcher, folder: str) -> str:
    """Why a rule leaves a message where it is."""
    return f"Mail {_whose(matcher)} belongs to {folder}, where it is."


def paused(matcher: Matcher) -> str:
    """Why a rule can't be carried out."""
    return f"Your rule for mail {_whose(matcher)} names a folder that is not chosen now, so it stays."


def protects(matcher: Matcher) -> str:
    """What a protection of mail does."""
    return f"Mail {_whose(matcher)} stays where it is."


def protects_folder(folder: str) -> str:
    """What a protection of a folder does."""
    return f"{folder} is left alone: no mail leaves it and none is filed in it."


def proposes(matcher: Matcher, folder: str, count: int) -> str:
    """What a proposal offers, and why."""
    return f"You put {count} messages {_whose(matcher)} into {folder}. File all such mail there?"


def _whose(matcher: Matcher) -> str:
    match matcher:
        case Sender():
            return f"from {matcher.address}"
        case MailingList():
            return f"of the list {matcher.list_id}"
        case Organisation():
            return f"from anyone at {matcher.domain}"
        case _ as unreachable:
            assert_never(unreachable)
