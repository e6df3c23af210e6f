"""Held messages and their release. A release turns Hold into Review and nothing else: never the AI, never in bulk."""

from sqlalchemy import Connection

from chassis.errors import FailedPrecondition
from gateway.audit.event import Event, Kind
from gateway.organise import corrections
from gateway.organise.context import Context
from gateway.store import decisions, scans
from gateway.store.codes import CorrectionKind, DecisionKind
from gateway.store.decisions import Decision


async def release(  # noqa: PLR0913  # what to release, what the owner saw, what is remembered of it
    context: Context,
    mailbox_id: str,
    scan_id: str,
    decision_id: str,
    *,
    revision: int,
    remember: CorrectionKind | None = None,
) -> Decision:
    """The owner says it is no attack. It stays where it is, to be filed by hand or by a rule.

    remember: by what later mail of the kind is known; released and remembered in one transaction, or neither.
    """
    wanted = None if remember is None else await corrections.prepared(context, mailbox_id, decision_id, remember)

    def change_it(connection: Connection) -> Decision:
        scans.lock(connection, mailbox_id, scan_id, revision=revision)
        held = decisions.get(connection, scan_id, decision_id)
        if held.kind is not DecisionKind.HOLD:
            raise FailedPrecondition("only a held message can be released")
        if wanted is not None:
            corrections.keep(context, connection, wanted)
        decisions.change(
            connection, scan_id, [decision_id], kind=DecisionKind.REVIEW, folder_id=None, revision=revision
        )
        context.audit.record(connection, Event(Kind.RELEASED, mailbox=mailbox_id, object_id=decision_id))
        return decisions.get(connection, scan_id, decision_id)

    return await context.write(change_it)
