"""What the owner protects: senders, lists, organisations and folders that are left alone."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from gateway.api.context import ContextOf, Mailbox
from gateway.api.model import Answer, Body, MatcherText, instant
from gateway.organise import standing_protections
from gateway.organise.standing_protections import StandingProtection
from gateway.store.codes import ProtectionKind

router = APIRouter(prefix="/api/v1/mailboxes/{mailbox_id}/protections", tags=["protections"])


class ProtectionRequest(Body):
    """What is left alone: text is an address, a list identifier, a domain, or the id of a folder."""

    kind: Annotated[ProtectionKind, Field(strict=False)]
    text: MatcherText


class ProtectionAnswer(Answer):
    """A protection."""

    id: str
    kind: ProtectionKind
    text: str
    sentence: str
    created_at: datetime


class ProtectionList(Answer):
    """All of a mailbox's, oldest first; it has 500 at most."""

    items: list[ProtectionAnswer]


@router.get("", operation_id="list_protections")
async def list_protections(mailbox: Mailbox, context: ContextOf) -> ProtectionList:
    """Every protection, as a sentence."""
    return ProtectionList(items=[_answer(one) for one in await standing_protections.told(context, mailbox)])


@router.post("", status_code=201, operation_id="make_protection")
async def make_protection(mailbox: Mailbox, wanted: ProtectionRequest, context: ContextOf) -> ProtectionAnswer:
    """A protection from the next scan on. The same again is the same."""
    return _answer(await standing_protections.make(context, mailbox, wanted.kind, wanted.text))


@router.delete("/{protection_id}", status_code=204, operation_id="remove_protection")
async def remove_protection(
    mailbox: Mailbox, protection_id: Annotated[str, Path(max_length=64)], context: ContextOf
) -> None:
    """From the next scan on, it protects nothing."""
    await standing_protections.remove(context, mailbox, protection_id)


def _answer(one: StandingProtection) -> ProtectionAnswer:
    return ProtectionAnswer(
        id=one.id, kind=one.kind, text=one.text, sentence=one.sentence, created_at=instant(one.created_at)
    )
