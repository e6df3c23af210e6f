"""Tries a description before it is saved: which of the newest mail would go there, and which other folder wants it too.

Guarantees: description and mail pass sentinel as in a scan, and what sentinel doesn't clear reaches no engine; nothing
is written, nothing is learned, no provider is asked.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from chassis.errors import FailedPrecondition, InvalidArgument
from gateway.clients.sentinel import Purpose
from gateway.graph.folder import MailFolder
from gateway.graph.message import Message
from gateway.organise import folders, profile
from gateway.organise.choice import Choice, FolderKey
from gateway.organise.context import Context
from gateway.organise.decision import SUGGEST_AT
from gateway.organise.texts import text_of
from mail_organiser.columns import FolderText

LOOKED_AT: Final = 200  # messages: one page of Graph, one batch of sentinel
SHOWN: Final = 5
NEARLY: Final = 0.1  # of confidence: by less, two folders want the same mail


class DescriptionRefused(InvalidArgument):
    """Sentinel doesn't clear the folder with this description."""

    code: ClassVar[str] = "description_refused"
    title: ClassVar[str] = "This description is not shown to the AI"
    sentence: ClassVar[str] = (
        "Something in the folder's name or description reads like an instruction to a machine. "
        "Say in plain words what belongs into the folder."
    )


@dataclass(frozen=True, slots=True)
class Fit:
    """A message that would go into the folder; confidence is 0 to 1."""

    message: Message
    confidence: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """share: how much of what fits would go into this folder nearly as surely, 0 to 1."""

    folder_id: FolderKey
    share: float


@dataclass(frozen=True, slots=True)
class Trial:
    """nearest: surest first. borderline: those about which a little decides."""

    looked_at: int
    nearest: list[Fit]
    borderline: list[Fit]
    overlaps: list[Overlap]


async def trial(context: Context, mailbox_id: str, folder_id: str, description: str) -> Trial:
    """Of the inbox's newest mail. RowAbsent for an unknown folder; DescriptionRefused."""
    tried = FolderText(*(await folders.named(context, mailbox_id, folder_id)), description)
    await _refuse_unclean(context, tried)
    inbox = await _inbox(context, mailbox_id)
    rivals = [
        one.text for one in await folders.chosen(context, mailbox_id) if one.id != tried.id and one.graph_id != inbox.id
    ]
    messages = await _newest(context, mailbox_id, inbox)
    with_it = await _choices(context, mailbox_id, messages, [tried, *rivals[: folders.MAX_CHOSEN - 1]])
    without = await _choices(context, mailbox_id, messages, rivals)
    return weighed(FolderKey(tried.id), messages, with_it, without)


def weighed(
    tried: FolderKey, messages: Sequence[Message], with_it: Sequence[Choice], without: Sequence[Choice]
) -> Trial:
    """with_it and without: what is chosen for each message when the folder is there, and when it isn't. Pure."""
    rows = [row for row in zip(messages, with_it, without, strict=True) if row[1].folder == tried]
    fits = sorted((Fit(message, choice.confidence) for message, choice, _ in rows), key=lambda fit: -fit.confidence)
    nearest, others = fits[:SHOWN], fits[SHOWN:]
    borderline = sorted(others, key=lambda fit: abs(fit.confidence - SUGGEST_AT))[:SHOWN]
    return Trial(len(messages), nearest, borderline, _overlaps([(choice, rival) for _, choice, rival in rows]))


def _overlaps(rows: Sequence[tuple[Choice, Choice]]) -> list[Overlap]:
    fitting = [(choice, rival) for choice, rival in rows if choice.confidence >= SUGGEST_AT]
    wanted = Counter(
        rival.folder
        for choice, rival in fitting
        if rival.folder is not None and rival.confidence >= choice.confidence - NEARLY
    )
    return [Overlap(folder, count / len(fitting)) for folder, count in wanted.most_common()]


async def _refuse_unclean(context: Context, tried: FolderText) -> None:
    inspection = await context.judge.sentinel.inspect([], [tried], Purpose.CLASSIFY)
    if inspection.clean_folders != (True,):
        raise DescriptionRefused


async def _inbox(context: Context, mailbox_id: str) -> MailFolder:
    live = await context.graph(mailbox_id).reader.folders()
    inbox = next((folder for folder in live if folder.well_known == "inbox"), None)
    if inbox is None:
        raise FailedPrecondition("this mailbox has no inbox that can be read")
    return inbox


async def _newest(context: Context, mailbox_id: str, inbox: MailFolder) -> list[Message]:
    reader = context.graph(mailbox_id).reader
    page = await reader.page(reader.first_page(inbox.id, LOOKED_AT, total=inbox.total))
    return [message for message in page.messages if not message.is_draft][:LOOKED_AT]


async def _choices(
    context: Context, mailbox_id: str, messages: Sequence[Message], offered: Sequence[FolderText]
) -> list[Choice]:
    """What sentinel holds has no choice."""
    learned = (await profile.load(context, mailbox_id)).learned
    judged = await context.judge.judge([text_of(message) for message in messages], offered, learned)
    return [choice for _, choice in judged]
