"""What rules and protections say of the messages of a page, before any model is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from gateway.graph.message import GraphFolderId, Message
from gateway.organise import correspondents, rulebook
from gateway.organise.choice import FolderKey
from gateway.organise.context import Context
from gateway.organise.folders import Folder
from gateway.organise.groups import Groups, groups
from gateway.organise.rules.evaluation import Match, evaluate
from gateway.organise.rules.facts import Facts
from gateway.organise.rules.matcher import matchers
from gateway.store import folders


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is known of one message whatever a model says: what the first rule or protection says, and its groups."""

    match: Match | None
    groups: Groups


async def rulings(
    context: Context,
    mailbox_id: str,
    source: GraphFolderId,
    messages: Sequence[Message],
    targets: Sequence[Folder],
) -> list[Ruling]:
    """Of each message of the folder source, in order. targets: the folders that mail may be filed in."""

    def query(connection: Connection) -> list[Ruling]:
        place = _place(connection, mailbox_id, source)
        rules, protections = rulebook.load(connection, context.vault, mailbox_id, [one.id for one in targets])
        known = correspondents.among(connection, context.vault, mailbox_id, messages)
        grouped = groups(connection, context.vault, mailbox_id, messages)
        at = datetime.now(UTC)
        return [
            Ruling(evaluate(rules, protections, _facts(message, place, replied_to=replied_to), at), own)
            for message, replied_to, own in zip(messages, known, grouped, strict=True)
        ]

    return await context.read(query)


def _place(connection: Connection, mailbox_id: str, source: GraphFolderId) -> FolderKey | None:
    rows = folders.of_mailbox(connection, mailbox_id)
    return next((FolderKey(row.id) for row in rows if row.graph_id == source), None)


def _facts(message: Message, place: FolderKey | None, *, replied_to: bool) -> Facts:
    return Facts(matchers(message), place, message.received_at, message.is_draft, message.flagged, replied_to)
