"""Rules that an owner could make, from what they said again and again. Nothing becomes a rule until they accept it.

What is kept is hashes; whose mail it is, is read from one of the messages, live, and shown.
"""

from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection

from chassis.errors import FailedPrecondition, NotFound
from gateway.audit.event import Event, Kind
from gateway.graph.message import Message, MessageId
from gateway.organise import folders, groups, previews, rulebook, standing_rules
from gateway.organise.choice import FolderKey
from gateway.organise.context import Context, now
from gateway.organise.rules import sentence
from gateway.organise.rules.matcher import Matcher, Sender, form, matchers
from gateway.organise.rules.proposal import Proposal, Word, proposals
from gateway.organise.standing_rules import StandingRule
from gateway.store import dismissals, mailboxes, owner_words, rules
from gateway.store.codes import MatcherKind
from gateway.store.owner_words import OwnerWord

MOST: Final = 20  # shown at once: who has more to decide decides none of it
READ: Final = 60  # looked at for them, three $batch calls: of some, the newest message is gone
_KIND: Final = "proposal"
_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal as its owner sees it. id: the same each time; count: messages that speak for it."""

    id: str
    kind: MatcherKind
    text: str
    folder: FolderKey
    count: int
    sentence: str


@dataclass(frozen=True, slots=True)
class _Open:
    """A proposal that is not dismissed. mark: its keyed hash."""

    mark: bytes
    proposal: Proposal
    folder_name: str

    @property
    def id(self) -> str:
        return "prp_" + b32encode(self.mark[:_ID_BYTES]).decode().rstrip("=").lower()


async def proposed(context: Context, mailbox_id: str) -> list[Proposed]:
    """What may be accepted now, the narrowest first, at most MOST; what no living message can explain is left out."""
    found = (await context.read(partial(_unruled, context, mailbox_id)))[:READ]
    known = await _matchers(context, mailbox_id, found)
    told = [_told(one, matcher) for one, matcher in zip(found, known, strict=True) if matcher is not None]
    return told[:MOST]


async def accept(context: Context, mailbox_id: str, proposal_id: str) -> StandingRule:
    """The owner's click: the rule, made as it was shown; again, the same rule. Raises NotFound, FailedPrecondition."""
    one = await _one(context, mailbox_id, proposal_id)
    (matcher,) = await _matchers(context, mailbox_id, [one])
    if matcher is None:
        raise FailedPrecondition("its newest message can't be read any more; make the rule yourself")
    return await context.write(partial(_accepted, context, mailbox_id, one, matcher))


async def dismiss(context: Context, mailbox_id: str, proposal_id: str) -> None:
    """It is not shown again. Raises NotFound."""
    one = await _one(context, mailbox_id, proposal_id)

    def change(connection: Connection) -> None:
        dismissals.note(connection, mailbox_id, one.mark, now=now())
        context.audit.record(connection, Event(Kind.PROPOSAL_DISMISSED, mailbox=mailbox_id, object_id=proposal_id))

    await context.write(change)


def _accepted(context: Context, mailbox_id: str, one: _Open, matcher: Matcher, connection: Connection) -> StandingRule:
    rule = standing_rules.made(connection, context, mailbox_id, matcher, one.proposal.folder)
    context.audit.record(connection, Event(Kind.PROPOSAL_ACCEPTED, mailbox=mailbox_id, object_id=one.id))
    return rule


async def _one(context: Context, mailbox_id: str, proposal_id: str) -> _Open:
    found = await context.read(partial(_open, context, mailbox_id))
    wanted = next((one for one in found if one.id == proposal_id), None)
    if wanted is None:
        raise NotFound("there is no such proposal here")
    return wanted


def _unruled(context: Context, mailbox_id: str, connection: Connection) -> list[_Open]:
    """Those that no rule says already. A rule for a sender is found by the hash that words are grouped by."""
    own = [rulebook.opened_rule(connection, context.vault, row) for row in rules.of_mailbox(connection, mailbox_id)]
    senders = [one.matcher.address for one in own if isinstance(one.matcher, Sender)]
    person = mailboxes.get(connection, mailbox_id).person_id
    ruled = {
        *groups.hashes(connection, context.vault, mailbox_id, [one.matcher for one in own]),
        *context.vault.sender_hashes(connection, person, senders),
    }
    return [one for one in _open(context, mailbox_id, connection) if one.proposal.keyed_hash not in ruled]


def _open(context: Context, mailbox_id: str, connection: Connection) -> list[_Open]:
    names = folders.names(connection, context.vault, mailbox_id)
    found = proposals([_word(row) for row in owner_words.newest(connection, mailbox_id)])
    fitting = [one for one in found if one.folder in names]
    marks = _marks(context, mailbox_id, fitting, connection)
    dismissed = dismissals.of_mailbox(connection, mailbox_id)
    return [
        _Open(mark, one, names[one.folder]) for one, mark in zip(fitting, marks, strict=True) if mark not in dismissed
    ]


def _marks(context: Context, mailbox_id: str, found: Sequence[Proposal], connection: Connection) -> list[bytes]:
    person = mailboxes.get(connection, mailbox_id).person_id
    forms = [f"{one.kind} {one.keyed_hash.hex()} {one.folder}" for one in found]
    return context.vault.mark_hashes(connection, person, mailbox_id, [(_KIND, form) for form in forms])


async def _matchers(context: Context, mailbox_id: str, found: Sequence[_Open]) -> list[Matcher | None]:
    """Whose mail each is about, from its message as Graph has it now; None when that can't be told."""
    live = await previews.live(context, mailbox_id, [one.proposal.message_id for one in found])

    def query(connection: Connection) -> list[Matcher | None]:
        read = (live.get(MessageId(one.proposal.message_id)) for one in found)
        return [
            None if message is None else _matcher(context, mailbox_id, one.proposal, message, connection)
            for one, message in zip(found, read, strict=True)
        ]

    return await context.read(query)


def _matcher(
    context: Context, mailbox_id: str, proposal: Proposal, message: Message, connection: Connection
) -> Matcher | None:
    (own,) = groups.groups(connection, context.vault, mailbox_id, [message])
    fitting = (one for one in matchers(message) if form(one)[0] is proposal.kind)
    return next(fitting, None) if own.of(proposal.kind) == proposal.keyed_hash else None


def _told(one: _Open, matcher: Matcher) -> Proposed:
    kind, text = form(matcher)
    said = sentence.proposes(matcher, one.folder_name, one.proposal.count)
    return Proposed(one.id, kind, text, one.proposal.folder, one.proposal.count, said)


def _word(row: OwnerWord) -> Word:
    folder = None if row.folder_id is None else FolderKey(row.folder_id)
    return Word(row.message_id, folder, row.sender_hash, row.list_hash, row.organisation_hash)
