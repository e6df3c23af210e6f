"""A folder that is to be made: an empty one at the top of the mailbox, by a name that Outlook can show.

Guarantees: a name is 1 to MAX_NAME characters without control characters and without blanks around it; nothing else
can be said about a new folder (none is hidden, none lies below another).
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, final

import msgspec

from gateway.graph.errors import FolderRefused

MAX_NAME: Final = 255  # characters; Exchange's limit for a folder name


class Making(Enum):
    """What came of it. UNKNOWN: it may be there; the folders must be read before anything is said."""

    MADE = auto()
    THERE = auto()
    UNKNOWN = auto()


@final
@dataclass(frozen=True, slots=True)
class NewFolder:
    """name: what Outlook will show."""

    name: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuses what is no name."""
        if not (0 < len(self.name) <= MAX_NAME and self.name.isprintable() and self.name == self.name.strip()):
            raise FolderRefused

    @property
    def content(self) -> bytes:
        """The JSON to send."""
        return msgspec.json.encode({"displayName": self.name})
