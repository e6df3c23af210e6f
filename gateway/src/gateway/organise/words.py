"""What owners say of single messages, noted as hashes: by changing a decision, or by filing in their mail program.

Only mail that a scan has seen counts: what was filed before is learned from, and is nobody's correction.
"""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection

from gateway.graph.message import Message
from gateway.organise.choice import FolderKey
from gateway.organise.context import Context, now
from gateway.organise.groups import groups
from gateway.store import owner_words
from gateway.store.codes import DecisionKind
from gateway.store.decisions import Decision
from gateway.store.owner_words import OwnerWord


def changed(connection: Connection, pairs: Sequence[tuple[Decision, Decision]]) -> None:
    """The owner decided otherwise of one mailbox's messages, each given as it was and as it is, in that transaction.

    Confirming what was decided says nothing new; of very many the last speak, as of all words.
    """
    said = [after for before, after in pairs if (before.kind, before.folder_id) != (after.kind, after.folder_id)]
    for start in range(0, len(said), owner_words.BATCH):
        noted = [_word(after) for after in said[start : start + owner_words.BATCH]]
        owner_words.note(connection, noted[0].mailbox_id, noted)


def _word(after: Decision) -> OwnerWord:
    folder = after.folder_id if after.kind is DecisionKind.MOVE else None
    hashes = (after.sender_hash, after.list_hash, after.organisation_hash)
    return OwnerWord(after.mailbox_id, after.message_id, folder, *hashes, now())


async def filed(context: Context, mailbox_id: str, messages: Sequence[tuple[Message, FolderKey]]) -> None:
    """These were found in these folders: those that a scan saw elsewhere, and no run of ours moved, speak."""
    by_id = {message.id: (message, folder) for message, folder in messages}
    places: dict[str, str] = {message.id: message.parent_folder_id for message, _ in messages}

    def change(connection: Connection) -> None:
        spoken = owner_words.by_hand(connection, mailbox_id, places)
        told = [pair for message_id, pair in by_id.items() if message_id in spoken]
        grouped = groups(connection, context.vault, mailbox_id, [message for message, _ in told])
        word = partial(OwnerWord, mailbox_id)
        noted = [word(message.id, folder, *own, now()) for (message, folder), own in zip(told, grouped, strict=True)]
        owner_words.note(connection, mailbox_id, noted)

    await context.write(change)
