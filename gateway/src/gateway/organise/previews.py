"""A page of a preview: what was decided, joined with text that is fetched live and kept nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from gateway.graph.message import Message, MessageId
from gateway.organise.context import Context
from gateway.store import decisions
from gateway.store.decisions import Decision, Filters, Finding

MOST = 100  # rows of a page: five $batch calls to Graph, and what a person can take in


@dataclass(frozen=True, slots=True)
class Row:
    """A decision, its findings, and the message as it is now; None when it is gone."""

    decision: Decision
    findings: Sequence[Finding]
    message: Message | None


async def page(  # noqa: PLR0913  # whose, which, how much
    context: Context, mailbox_id: str, scan_id: str, *, after: int, limit: int, filters: Filters
) -> list[Row]:
    """Up to limit rows with seq above after, in the order of the scan."""

    def query(connection: Connection) -> tuple[list[Decision], dict[str, list[Finding]]]:
        found = decisions.page(connection, scan_id, limit=limit, after=after, filters=filters)
        return found, decisions.findings(connection, [one.id for one in found])

    found, findings = await context.read(query)
    texts = await live(context, mailbox_id, [one.message_id for one in found])
    return [Row(one, findings.get(one.id, ()), texts.get(MessageId(one.message_id))) for one in found]


async def live(context: Context, mailbox_id: str, message_ids: Sequence[str]) -> dict[MessageId, Message]:
    """The messages as Graph has them now; those that are gone are absent."""
    if not message_ids:
        return {}
    return await context.graph(mailbox_id).reader.messages([MessageId(one) for one in message_ids])
