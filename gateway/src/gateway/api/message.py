"""A message as answers show it."""

from datetime import datetime
from typing import Self

from gateway.api.model import Answer
from gateway.graph.message import Message


class MessageAnswer(Answer):
    """A message as Microsoft has it now: hostile text, to be shown as text."""

    subject: str | None
    sender_name: str | None
    sender_address: str | None
    received_at: datetime | None

    @classmethod
    def of(cls, message: Message | None) -> Self | None:
        """None of one that is gone."""
        return None if message is None else cls.model_validate(message)
