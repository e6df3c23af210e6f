"""Which digests may be signed: the one place where a verdict becomes a permission.

Guarantees: pure. Nothing held is ever in the result; LEARN, EXAMPLE, FOLDER and CLASSIFY take clean items alone; what
is for review is cleared for CLASSIFY_LOCAL, and only when the request was to classify.
"""

from collections.abc import Iterable
from enum import IntEnum

from mail_organiser.columns import FolderText, MessageText
from mail_organiser.digest import folder_digest, message_digest
from sentinel.verdict import Outcome, Verdict


class Purpose(IntEnum):
    """What a cleared text may be used for; the numbers are those of mail.proto."""

    CLASSIFY = 1
    LEARN = 2
    EXAMPLE = 3
    FOLDER = 4
    CLASSIFY_LOCAL = 5


REQUESTED = frozenset(
    {Purpose.CLASSIFY, Purpose.LEARN, Purpose.EXAMPLE, Purpose.FOLDER}
)  # CLASSIFY_LOCAL is ours to give


def cleared_messages(purpose: Purpose, judged: Iterable[tuple[MessageText, Verdict]]) -> list[bytes]:
    """Digests of the messages that may go on, each under the purpose that its verdict allows."""
    granted = ((message, _granted(purpose, verdict.outcome)) for message, verdict in judged)
    return [message_digest(use, message) for message, use in granted if use is not None]


def cleared_folders(judged: Iterable[tuple[FolderText, Verdict]]) -> list[bytes]:
    """Digests of the clean folders."""
    return [folder_digest(Purpose.FOLDER, folder) for folder, verdict in judged if verdict.outcome is Outcome.CLEAN]


def _granted(purpose: Purpose, outcome: Outcome) -> Purpose | None:
    if outcome is Outcome.CLEAN:
        return purpose
    if outcome is Outcome.REVIEW and purpose is Purpose.CLASSIFY:
        return Purpose.CLASSIFY_LOCAL
    return None
