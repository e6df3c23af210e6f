"""What a replica still has in memory of what was erased, and is to forget at once."""

from collections.abc import Callable
from typing import NamedTuple


class Ends(NamedTuple):
    """session: refuses a session or an API key, by id. tokens: drops the Microsoft tokens of a mailbox."""

    session: Callable[[str], None]
    tokens: Callable[[str], None]
