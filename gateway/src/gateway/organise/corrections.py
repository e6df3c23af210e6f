"""Owners' corrections: "not an attack, remember this sender / this text". One mailbox's own, and hashes alone at rest.

A correction is looked at once a message was judged, and makes a hold a review (decide). Nothing here is ever told to
sentinel or classifier, so it clears nothing, is learned from by nobody, and moves nothing.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from chassis.errors import FailedPrecondition
from gateway.audit.event import Event, Kind
from gateway.graph.message import Message, MessageId
from gateway.organise import previews
from gateway.organise.context import Context, now
from gateway.organise.mark import marks
from gateway.organise.verdict import Finding, Outcome, Verdict
from gateway.store import corrections, decisions, ids, mailboxes
from gateway.store.codes import CorrectionKind, DecisionKind
from gateway.store.corrections import MOST, Correction
from gateway.store.decisions import Decision
from gateway.store.errors import TooMany

Mark = tuple[CorrectionKind, str]


async def remember(context: Context, mailbox_id: str, decision_id: str, kind: CorrectionKind) -> Correction:
    """The correction over a held message, kept; one that says the same already stays as it is."""
    wanted = await prepared(context, mailbox_id, decision_id, kind)
    return await context.write(lambda connection: keep(context, connection, wanted))


async def prepared(context: Context, mailbox_id: str, decision_id: str, kind: CorrectionKind) -> Correction:
    """The correction over a held message as Microsoft has it now, not kept yet. Raises FailedPrecondition."""
    decision, verdict = await context.read(lambda connection: _held(connection, mailbox_id, decision_id))
    live = await previews.live(context, mailbox_id, [decision.message_id])
    message = live.get(MessageId(decision.message_id))
    if message is None:
        raise FailedPrecondition("this message is no longer in the mailbox")
    form = marks(message, verdict).get(kind)
    if form is None:
        raise FailedPrecondition("this can't be remembered: it was not held for it, or could not be judged at all")
    mark = (kind, form)
    hashes = await context.read(lambda connection: _hashes(connection, context, mailbox_id, [mark]))
    return Correction(ids.new("cor"), mailbox_id, kind, hashes[mark], now())


async def forget(context: Context, mailbox_id: str, correction_id: str) -> None:
    """The owner takes a correction back. Raises RowAbsent."""

    def change(connection: Connection) -> None:
        corrections.remove(connection, mailbox_id, correction_id)
        event = Event(Kind.CORRECTION_REMOVED, mailbox=mailbox_id, object_id=correction_id)
        context.audit.record(connection, event)

    await context.write(change)


def keep(context: Context, connection: Connection, wanted: Correction) -> Correction:
    """Keeps it, in the transaction of what it belongs to. Raises FailedPrecondition when there are too many."""
    try:
        kept = corrections.keep(connection, wanted)
    except TooMany:
        raise FailedPrecondition(f"{MOST} corrections are kept for a mailbox; remove one first") from None
    if kept.id == wanted.id:
        event = Event(Kind.CORRECTION_MADE, mailbox=kept.mailbox_id, object_id=kept.id, reason=kept.kind.value)
        context.audit.record(connection, event)
    return kept


async def corrected(
    context: Context, mailbox_id: str, messages: Sequence[Message], verdicts: Sequence[Verdict]
) -> list[bool]:
    """For each message, in order: whether the owner said of such a one that it is no attack."""
    found = [list(marks(message, verdict).items()) for message, verdict in zip(messages, verdicts, strict=True)]
    known = await context.read(
        lambda connection: _known(connection, context, mailbox_id, [mark for own in found for mark in own])
    )
    return [any(mark in known for mark in own) for own in found]


def _held(connection: Connection, mailbox_id: str, decision_id: str) -> tuple[Decision, Verdict]:
    """A held decision, and the verdict of which it came."""
    decision = decisions.of_mailbox(connection, mailbox_id, decision_id)
    if decision.kind is not DecisionKind.HOLD:
        raise FailedPrecondition("only of a held message can something be remembered")
    findings = decisions.findings(connection, [decision.id]).get(decision.id, [])
    return decision, Verdict(Outcome.HELD, decision.risk, tuple(Finding(*found) for found in findings))


def _known(connection: Connection, context: Context, mailbox_id: str, asked: Sequence[Mark]) -> set[Mark]:
    """Those of the marks that are remembered. The kind is in the hash."""
    kept = {one.keyed_hash for one in corrections.of_mailbox(connection, mailbox_id)} if asked else set()
    hashes = _hashes(connection, context, mailbox_id, asked) if kept else {}
    return {mark for mark, keyed_hash in hashes.items() if keyed_hash in kept}


def _hashes(connection: Connection, context: Context, mailbox_id: str, asked: Sequence[Mark]) -> Mapping[Mark, bytes]:
    person = mailboxes.get(connection, mailbox_id).person_id
    hashes = context.vault.mark_hashes(connection, person, mailbox_id, asked)
    return dict(zip(asked, hashes, strict=True))
