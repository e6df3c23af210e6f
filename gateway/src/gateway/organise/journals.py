"""A page of a run's journal: what came of each message, joined with text that is fetched live and kept nowhere."""

from typing import NamedTuple

from sqlalchemy import Connection

from gateway.graph.message import Message, MessageId
from gateway.organise import previews
from gateway.organise.context import Context
from gateway.store import folders, journal, move_runs
from gateway.store.journal import JournalEntry


class Row(NamedTuple):
    """An entry, its message as it is now (None when it is gone), and our ids of both folders (None when gone)."""

    entry: JournalEntry
    message: Message | None
    from_folder_id: str | None
    folder_id: str | None


async def page(context: Context, mailbox_id: str, run_id: str, *, after: int, limit: int) -> list[Row]:
    """Up to limit (previews.MOST at most) entries with seq above after, in order. Raises RowAbsent."""

    def query(connection: Connection) -> tuple[list[JournalEntry], dict[str, str]]:
        move_runs.get(connection, mailbox_id, run_id)
        found = journal.page(connection, run_id, limit=limit, after=after)
        return found, {row.graph_id: row.id for row in folders.of_mailbox(connection, mailbox_id)}

    found, own = await context.read(query)
    texts = await previews.live(context, mailbox_id, [one.message_id for one in found])
    return [
        Row(one, texts.get(MessageId(one.message_id)), own.get(one.from_graph_id), own.get(one.to_graph_id))
        for one in found
    ]
