"""The owner's rules: whose mail goes where, before any model is asked."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from gateway.api.context import ContextOf, Mailbox
from gateway.api.model import Answer, Body, MatcherText, instant
from gateway.organise import standing_rules
from gateway.organise.standing_rules import RuleState, StandingRule
from gateway.store.codes import MatcherKind

router = APIRouter(prefix="/api/v1/mailboxes/{mailbox_id}/rules", tags=["rules"])
RuleId = Annotated[str, Path(max_length=64)]


class RuleRequest(Body):
    """Mail of this sender, list or organisation goes into this folder."""

    kind: Annotated[MatcherKind, Field(strict=False)]
    text: MatcherText
    folder_id: Annotated[str, Field(max_length=64)]


class RuleChange(Body):
    """The folder that it shall name from now on."""

    folder_id: Annotated[str, Field(max_length=64)]


class RuleAnswer(Answer):
    """A rule. text: the address, list identifier or domain; state is paused while the folder can't be filed in."""

    id: str
    kind: MatcherKind
    text: str
    folder_id: str
    state: RuleState
    sentence: str
    created_at: datetime


class RuleList(Answer):
    """All of a mailbox's, oldest first; it has 500 at most."""

    items: list[RuleAnswer]


@router.get("", operation_id="list_rules")
async def list_rules(mailbox: Mailbox, context: ContextOf) -> RuleList:
    """Every rule, as a sentence."""
    return RuleList(items=[rule_answer(one) for one in await standing_rules.told(context, mailbox)])


@router.post("", status_code=201, operation_id="make_rule")
async def make_rule(mailbox: Mailbox, wanted: RuleRequest, context: ContextOf) -> RuleAnswer:
    """A rule from the next scan on. The same again is the same."""
    return rule_answer(await standing_rules.make(context, mailbox, wanted.kind, wanted.text, wanted.folder_id))


@router.patch("/{rule_id}", operation_id="change_rule")
async def change_rule(mailbox: Mailbox, rule_id: RuleId, change: RuleChange, context: ContextOf) -> RuleAnswer:
    """The same mail, into another folder."""
    return rule_answer(await standing_rules.point(context, mailbox, rule_id, change.folder_id))


@router.delete("/{rule_id}", status_code=204, operation_id="remove_rule")
async def remove_rule(mailbox: Mailbox, rule_id: RuleId, context: ContextOf) -> None:
    """From the next scan on, nothing is filed by it; what was filed stays filed."""
    await standing_rules.remove(context, mailbox, rule_id)


def rule_answer(rule: StandingRule) -> RuleAnswer:
    """A rule as a client gets it."""
    return RuleAnswer(
        id=rule.id,
        kind=rule.kind,
        text=rule.text,
        folder_id=rule.folder,
        state=rule.state,
        sentence=rule.sentence,
        created_at=instant(rule.created_at),
    )
