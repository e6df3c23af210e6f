"""What a mailbox's owner set in Outlook, as far as it helps to show them their mail."""

from fastapi import APIRouter
from pydantic import Field

from gateway.api.context import ContextOf, Mailbox
from gateway.api.model import Answer
from gateway.organise import mailbox_settings

router = APIRouter(prefix="/api/v1/mailboxes/{mailbox_id}/settings", tags=["mailboxes"])


class MailboxSettingsAnswer(Answer):
    """Live from Microsoft."""

    time_zone: str | None = Field(
        description="IANA's name; null: unknown, or Microsoft doesn't say (personal accounts)"
    )


@router.get("", operation_id="get_mailbox_settings")
async def get_mailbox_settings(mailbox: Mailbox, context: ContextOf) -> MailboxSettingsAnswer:
    """The time zone of the mailbox's owner."""
    return MailboxSettingsAnswer(time_zone=await mailbox_settings.time_zone(context, mailbox))
