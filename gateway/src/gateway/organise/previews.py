"""A page of a preview: what was decided, joined with text that is fetched live and kept nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from gateway.graph.message import Message, MessageId
from gateway.organise import explaining
from gateway.organise.context import Context
from gateway.store import decisions
from gateway.store.decisions import Decision, Filters, Finding

MOST = 100  # rows of a page: five $batch calls to Graph, and what a person can take in


@dataclass(frozen=True, slots=True)
class Row:
    """A decision, its findings, the message as it is now (None when it is gone), and what a rule says, if one did."""

    decision: Decision
    findings: Sequence[Finding]
    message: Message | None
    sentence: str | None


async def page(  # noqa: PLR0913  # whose, which, how much
    context: Context, mailbox_id: str, scan_id: str, *, after: int, limit: int, filters: Filters
) -> list[Row]:
    """Up to limit rows with seq above after, in the order of the scan."""

    def query(connection: Connection) -> tuple[list[Decision], dict[str, list[Finding]], dict[str, str]]:
        found = decisions.page(connection, scan_id, limit=limit, after=after, filters=filters)
        said = explaining.sentences(connection, context.vault, mailbox_id, found)
        return found, decisions.findings(connection, [one.id for one in found]), said

    found, findings, said = await context.read(query)
    texts = await live(context, mailbox_id, [one.message_id for one in found])
    return [Row(one, findings.get(one.id, ()), texts.get(MessageId(one.message_id)), said.get(one.id)) for one in found]


async def live(context: Context, mailbox_id: str, message_ids: Sequence[str]) -> dict[MessageId, Message]:
    """The messages as Graph has them now; those that are gone are absent."""
    if not message_ids:
        return {}
    return await context.graph(mailbox_id).reader.messages([MessageId(one) for one in message_ids])
