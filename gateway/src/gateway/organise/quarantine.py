"""Held messages and their release. A release turns Hold into Review and nothing else: never the AI, never in bulk."""

from sqlalchemy import Connection

from chassis.errors import FailedPrecondition, InvalidArgument
from gateway.audit.event import Event, Kind
from gateway.organise import corrections, words
from gateway.organise.context import Context
from gateway.store import decisions, folders, protections, scans
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
        released = decisions.change(
            connection, scan_id, decision_id, kind=DecisionKind.REVIEW, folder_id=None, revision=revision
        )
        context.audit.record(connection, Event(Kind.RELEASED, mailbox=mailbox_id, object_id=decision_id))
        return released

    return await context.write(change_it)


async def change(  # noqa: PLR0913  # what to change, to what, and what the owner saw
    context: Context,
    mailbox_id: str,
    scan_id: str,
    decision_id: str,
    *,
    folder_id: str | None,
    revision: int,
) -> Decision:
    """The owner decides otherwise: into a chosen folder, or (None) it stays. A held message must be released first."""

    def change_it(connection: Connection) -> Decision:
        scans.lock(connection, mailbox_id, scan_id, revision=revision)
        before = decisions.get(connection, scan_id, decision_id)
        if before.kind is DecisionKind.HOLD:
            raise FailedPrecondition("a held message moves nowhere; release it first")
        _refuse_closed(connection, mailbox_id, folder_id)
        kind = DecisionKind.KEEP if folder_id is None else DecisionKind.MOVE
        after = decisions.change(connection, scan_id, decision_id, kind=kind, folder_id=folder_id, revision=revision)
        words.changed(connection, before, after)
        return after

    return await context.write(change_it)


def _refuse_closed(connection: Connection, mailbox_id: str, folder_id: str | None) -> None:
    if folder_id is not None and not folders.get(connection, mailbox_id, folder_id).chosen:
        raise InvalidArgument("this folder is not chosen for filing; choose it first")
    if folder_id in protections.folders(connection, mailbox_id):
        raise InvalidArgument("this folder is protected; end its protection first")
