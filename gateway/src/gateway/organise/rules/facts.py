"""What rules and protections are told of a message: no subject, no display name, nothing that an AI said."""

from dataclasses import dataclass
from datetime import datetime

from gateway.organise.choice import FolderKey
from gateway.organise.rules.matcher import Matcher


@dataclass(frozen=True, slots=True)
class Facts:
    """matchers: the narrowest first. folder: where it lies. replied_to: whether the owner wrote to its sender.

    The sender of all this is whoever wrote the message: an address and a List-Id can be forged, the rest can't.
    """

    matchers: tuple[Matcher, ...]
    folder: FolderKey | None
    received_at: datetime | None
    draft: bool
    flagged: bool
    replied_to: bool
