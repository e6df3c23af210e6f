"""Copies: the message that was learned last, and where it and its copies in a row were filed. Pure.

People file one message into several folders, one after the other. A copy then goes where its forerunners did not, and
what it teaches about sender and words was taught by the first already. Holds a hash of the message and classes only.
"""

from dataclasses import dataclass, field
from typing import Final

MOST = 8  # copies in a row that are remembered
NO_LETTER: Final = 0  # no message yet


@dataclass(slots=True)
class Copies:
    """letter: hash of the last message. classes: where it and its copies went, oldest first."""

    letter: int = NO_LETTER
    classes: list[int] = field(default_factory=list)

    def of(self, letter: int) -> list[int]:
        """Where the forerunners of this message went; empty if it is no copy of the last one."""
        return self.classes if letter == self.letter else []

    def add(self, letter: int, truth: int) -> None:
        """The last message, from now on."""
        self.classes = [*self.of(letter), truth][-MOST:]
        self.letter = letter

    def drop_class(self, index: int) -> None:
        """Forgets a class; those after it move down by one."""
        self.classes = [each - (each > index) for each in self.classes if each != index]

    def forget(self) -> None:
        """Forgets the last message."""
        self.letter, self.classes = NO_LETTER, []
