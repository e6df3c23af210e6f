"""A message as we know it: metadata, and no place for anything else."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NewType

MessageId = NewType("MessageId", str)  # immutable id of Graph: case-sensitive, survives moves within one mailbox
GraphFolderId = NewType("GraphFolderId", str)  # Graph's own folder id: constant, case-sensitive

# Graph's ids are base64url with padding: fit for a path as they are, and neither dots nor slashes are among them.
_ID: Final = re.compile(r"[A-Za-z0-9_=\-]{1,1024}")


def is_graph_id(text: str) -> bool:
    """Whether text may stand as one segment of a Graph path."""
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Message:
    """Metadata of one message. Texts are what a stranger wrote: hostile until sentinel has seen them.

    recipients: addresses of To, then Cc. received_at: UTC. list_id: bare id of the mailing list; None as well
    where it was not asked for (link.Asked). flagged: the owner's flag is on it, and not ticked off. Texts stay out of
    repr, so that they stay out of logs.
    """

    id: MessageId
    parent_folder_id: GraphFolderId
    subject: str | None = field(repr=False)
    sender_name: str | None = field(repr=False)
    sender_address: str | None = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    received_at: datetime | None
    conversation_id: str | None
    is_draft: bool
    list_id: str | None = field(default=None, repr=False)
    flagged: bool = False
