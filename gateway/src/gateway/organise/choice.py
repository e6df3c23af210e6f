"""What an engine would do with one message: name one of the owner's folders, or none."""

from dataclasses import dataclass
from typing import NewType

FolderKey = NewType("FolderKey", str)  # our opaque id (fld_...), the only name of a folder that leaves the gateway


@dataclass(frozen=True, slots=True)
class Choice:
    """A folder or none. confidence is 0 to 1; engine and reason are closed words that the preview explains."""

    folder: FolderKey | None
    confidence: float
    engine: str
    reason: str

    @classmethod
    def none(cls) -> "Choice":
        """No engine was asked or none had an opinion."""
        return cls(None, 0.0, "none", "nothing_learned")
