"""Forgetting what was learned: a message, a folder, everything; on the owner's word, or with a folder un-chosen.

Guarantees: what was forgotten on the owner's word is not learned again where it lies; a profile is written over the
version that was read; it always comes to an end: where the classifier can't take it out of the profile (it is away, the
message is gone or no longer clean), the profile is discarded and learned anew by the next scan, without what was
forgotten. Texts are read live, cleared under LEARN, and kept nowhere.
"""

from collections.abc import Awaitable, Callable
from functools import partial

from sqlalchemy import Connection

from chassis.errors import ServiceError
from gateway.audit.event import Event, Kind
from gateway.clients.classifier import Profile
from gateway.clients.sentinel import Purpose
from gateway.graph.errors import GraphError
from gateway.graph.message import MessageId
from gateway.organise import previews, profile
from gateway.organise.choice import FolderKey
from gateway.organise.context import Context
from gateway.organise.judge import Learned
from gateway.organise.texts import text_of
from gateway.organise.verdict import Outcome
from gateway.store import decisions, folders, learned_messages, owner_words, profiles
from gateway.store.errors import StaleVersion

ATTEMPTS = 5  # a profile that is written by others as often as that is discarded: the next scan learns it anew

Note = Callable[[Connection], object]
Take = Callable[[Learned], Awaitable[Profile]]


class NotTaken(Exception):
    """It can't be taken out of a profile: its text can't be had, or isn't clean."""


async def everything(context: Context, mailbox_id: str) -> None:
    """The profile goes, and what the owner said of single messages; neither is learned from that mail again."""

    def change(connection: Connection) -> None:
        profiles.discard(connection, mailbox_id)
        owner_words.forget(connection, mailbox_id)
        amount = learned_messages.forget(connection, mailbox_id)
        context.audit.record(connection, Event(Kind.FORGOTTEN, mailbox=mailbox_id, amount=amount))

    await context.write(change)


async def folder(context: Context, mailbox_id: str, folder_id: str) -> None:
    """What was learned of one folder; mail that lies there is not learned from again. Raises RowAbsent."""
    await context.read(lambda connection: folders.get(connection, mailbox_id, folder_id))
    note = partial(_note_folder, context=context, mailbox_id=mailbox_id, folder_id=folder_id)
    await _forget(context, mailbox_id, _folder_taken(context, folder_id), note)


async def unchosen(context: Context, mailbox_id: str, folder_id: str) -> None:
    """What was learned of a folder that is chosen no more; chosen again, it is learned again."""
    counts = await context.read(lambda connection: learned_messages.counts(connection, mailbox_id))
    if folder_id in counts:
        note = partial(learned_messages.unlearn, mailbox_id=mailbox_id, folder_id=folder_id)
        await _forget(context, mailbox_id, _folder_taken(context, folder_id), note)


async def message(context: Context, mailbox_id: str, decision_id: str) -> None:
    """The message of a decision, if it was learned from; it is not again while it lies there. Raises RowAbsent."""
    decision = await context.read(lambda connection: decisions.of_mailbox(connection, mailbox_id, decision_id))
    message_id = decision.message_id
    found = await context.read(lambda connection: learned_messages.folder_of(connection, mailbox_id, message_id))
    if found is not None:
        note = partial(_note_message, context=context, mailbox_id=mailbox_id, message_id=message_id)
        await _forget(context, mailbox_id, _message_taken(context, mailbox_id, message_id, found), note)


async def _forget(context: Context, mailbox_id: str, take: Take, note: Note) -> None:
    for _ in range(ATTEMPTS):
        current = await profile.load(context, mailbox_id)
        try:
            left = await take(current.learned)
            await profile.replace(context, mailbox_id, left, current.version, note)
        except StaleVersion:
            continue
        except (ServiceError, GraphError, NotTaken):
            break
        return
    await profile.discard(context, mailbox_id, note)


def _folder_taken(context: Context, folder_id: str) -> Take:
    async def take(learned: Learned) -> Profile:
        return await context.judge.classifier.forget(
            None, [], [], [FolderKey(folder_id)], profile=learned.profile, feature_key=learned.feature_key
        )

    return take


def _message_taken(context: Context, mailbox_id: str, message_id: str, folder_id: str) -> Take:
    async def take(learned: Learned) -> Profile:
        live = (await previews.live(context, mailbox_id, [message_id])).get(MessageId(message_id))
        texts = [] if live is None else [text_of(live)]
        inspection = await context.judge.sentinel.inspect(texts, [], Purpose.LEARN)
        if [verdict.outcome for verdict in inspection.messages] != [Outcome.CLEAN]:
            raise NotTaken
        return await context.judge.classifier.forget(
            inspection.word,
            texts,
            [FolderKey(folder_id)],
            [],
            profile=learned.profile,
            feature_key=learned.feature_key,
        )

    return take


def _note_folder(connection: Connection, *, context: Context, mailbox_id: str, folder_id: str) -> None:
    amount = learned_messages.forget(connection, mailbox_id, folder_id)
    event = Event(Kind.FOLDER_FORGOTTEN, mailbox=mailbox_id, object_id=folder_id, amount=amount)
    context.audit.record(connection, event)


def _note_message(connection: Connection, *, context: Context, mailbox_id: str, message_id: str) -> None:
    """Once: of two requests at the same time the other one finds the profile changed, and nothing left to take."""
    if learned_messages.forget_message(connection, mailbox_id, message_id):
        context.audit.record(connection, Event(Kind.MESSAGE_FORGOTTEN, mailbox=mailbox_id))
