"""Learns from what the owner filed, in the order in which it came.

Nothing that sentinel did not clear is learned from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from gateway.clients.sentinel import Purpose
from gateway.graph.message import Message
from gateway.organise import profile, words
from gateway.organise.choice import FolderKey
from gateway.organise.context import Context
from gateway.organise.folders import Folder
from gateway.organise.halving import halving
from gateway.organise.judge import BATCH
from gateway.organise.texts import text_of
from gateway.organise.verdict import Outcome
from gateway.store import learned_messages, scans

NEWEST = 1000  # filed messages read of each folder: Graph's largest page, and past that habits hardly change
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Filed:
    """A message and the folder that its owner filed it in."""

    message: Message
    folder: FolderKey


async def learn(context: Context, mailbox_id: str, scan_id: str, filed: Sequence[Filed]) -> int:
    """Learns all that is new of what is filed; returns how many messages that were. Safe to run again."""
    fresh = await _unlearned(context, mailbox_id, filed)
    count = 0
    for start in range(0, len(fresh), BATCH):
        new = await _learn_batch(context, mailbox_id, fresh[start : start + BATCH])
        await context.write(partial(scans.add_learned, scan_id=scan_id, count=new))
        count += new
    return count


async def read(context: Context, mailbox_id: str, folders: Sequence[Folder]) -> list[Filed]:
    """The newest messages of each folder, oldest first over all of them: so they came, and so they teach."""
    reader = context.graph(mailbox_id).reader
    filed: list[Filed] = []
    for folder in folders:
        page = await reader.page(reader.first_page(folder.graph_id, NEWEST, total=NEWEST))
        filed += [Filed(message, folder.id) for message in page.messages if not message.is_draft]
    return sorted(filed, key=lambda one: (one.message.received_at or _LONG_AGO, one.message.id))


async def _unlearned(context: Context, mailbox_id: str, filed: Sequence[Filed]) -> list[Filed]:
    known: dict[str, str] = {}
    for start in range(0, len(filed), learned_messages.BATCH):
        asked = [one.message.id for one in filed[start : start + learned_messages.BATCH]]
        known |= await context.read(partial(learned_messages.folders_of, mailbox_id=mailbox_id, message_ids=asked))
    return [one for one in filed if known.get(one.message.id) != one.folder]


async def _learn_batch(context: Context, mailbox_id: str, batch: Sequence[Filed]) -> int:
    """How many of the batch were learned from; what sentinel finds fault with, or can't take, is left out."""

    async def work(part: Sequence[Filed]) -> list[int]:
        return [await _learn_part(context, mailbox_id, part)]

    return sum(await halving(batch, work, lambda _: 0))


async def _learn_part(context: Context, mailbox_id: str, batch: Sequence[Filed]) -> int:
    texts = [text_of(one.message) for one in batch]
    inspection = await context.judge.sentinel.inspect(texts, [], Purpose.LEARN)
    clean = [i for i, verdict in enumerate(inspection.messages) if verdict.outcome is Outcome.CLEAN]
    if not clean:
        return 0
    await words.filed(context, mailbox_id, [(batch[i].message, batch[i].folder) for i in clean])
    current = await profile.load(context, mailbox_id)
    extended = await context.judge.classifier.learn(
        inspection.word,
        [texts[i] for i in clean],
        [batch[i].folder for i in clean],
        profile=current.learned.profile,
        feature_key=current.learned.feature_key,
    )
    learned = {str(batch[i].message.id): str(batch[i].folder) for i in clean}
    return await profile.save(context, mailbox_id, extended, learned, current.version)
