"""From Graph's message to what may leave the gateway. The only place where the two meet."""

from gateway.graph.message import Message
from mail_organiser.columns import MAX_RECIPIENTS, MessageText


def text_of(message: Message) -> MessageText:
    """The five fields that sentinel and classifier see; recipients beyond the contract's limit are left out."""
    return MessageText(
        message.subject,
        message.sender_name,
        message.sender_address,
        message.list_id,
        message.recipients[:MAX_RECIPIENTS],
    )
