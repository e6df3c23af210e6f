"""Rules that the owner could make, from what they did by hand again and again. One click makes one."""

from typing import Annotated

from fastapi import APIRouter, Path

from gateway.api.context import ContextOf, Mailbox
from gateway.api.model import Answer
from gateway.api.rules import RuleAnswer, rule_answer
from gateway.organise import proposing
from gateway.organise.proposing import Proposed
from gateway.store.codes import MatcherKind

router = APIRouter(prefix="/api/v1/mailboxes/{mailbox_id}/proposals", tags=["rules"])
ProposalId = Annotated[str, Path(max_length=64)]


class ProposalAnswer(Answer):
    """A rule that could be. count: how many messages the owner put there by hand; id names what is proposed."""

    id: str
    kind: MatcherKind
    text: str
    folder_id: str
    count: int
    sentence: str


class ProposalList(Answer):
    """What may be accepted now, the narrowest first; 20 at most."""

    items: list[ProposalAnswer]


@router.get("", operation_id="list_proposals")
async def list_proposals(mailbox: Mailbox, context: ContextOf) -> ProposalList:
    """What the owner did three times over, and no rule does yet."""
    return ProposalList(items=[_answer(one) for one in await proposing.proposed(context, mailbox)])


@router.post("/{proposal_id}/accept", status_code=201, operation_id="accept_proposal")
async def accept_proposal(mailbox: Mailbox, proposal_id: ProposalId, context: ContextOf) -> RuleAnswer:
    """Makes the rule, for the next scan on."""
    return rule_answer(await proposing.accept(context, mailbox, proposal_id))


@router.post("/{proposal_id}/dismiss", status_code=204, operation_id="dismiss_proposal")
async def dismiss_proposal(mailbox: Mailbox, proposal_id: ProposalId, context: ContextOf) -> None:
    """Makes nothing, and does not propose it again."""
    await proposing.dismiss(context, mailbox, proposal_id)


def _answer(one: Proposed) -> ProposalAnswer:
    return ProposalAnswer(
        id=one.id, kind=one.kind, text=one.text, folder_id=one.folder, count=one.count, sentence=one.sentence
    )
