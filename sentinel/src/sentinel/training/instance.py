"""One text to learn from."""

from typing import NamedTuple

from sentinel.canonical.form import canonical_form
from sentinel.canonical.mapped import Mapped
from sentinel.learned.role import Role


class Instance(NamedTuple):
    """A canonical text, where it stands, and what it is. family and source tell what can be left out in a trial."""

    text: str
    role: Role
    attack: bool
    weight: float
    family: str
    source: str


def canonical(text: str) -> str:
    """The form that is scored."""
    return canonical_form(Mapped.of(text)).canonical.text
