"""Who may be connected: a cap for each client, and one for all of them.

Guarantees: nobody holds more than `each` connections; all together hold at most `total`; and when it is full, a client
that holds less than the greediest one still comes in, in place of a connection of the greediest that is waiting for
its client. Pure: what a connection is, the caller knows.
"""

from collections.abc import Hashable
from enum import StrEnum
from typing import Final, Generic, Protocol, TypeVar

MAX_CONNECTIONS: Final = 2_000  # about 150 KiB each
MAX_OF_A_CLIENT: Final = 256  # a browser uses six; a household or an office behind one address shares it


class Guest(Protocol):
    """A connection."""

    @property
    def waiting(self) -> bool:
        """Whether it is the client's turn: nothing that we owe an answer to is lost when it is cut."""

    def cut(self) -> None:
        """End it now."""


class Refusal(StrEnum):
    """Why a newcomer doesn't come in."""

    CLIENT = "client"  # this client has its share
    FULL = "full"  # all have theirs


G = TypeVar("G", bound=Guest)


class Crowd(Generic[G]):
    """Everybody who is connected, by client."""

    def __init__(self, total: int = MAX_CONNECTIONS, each: int = MAX_OF_A_CLIENT) -> None:
        self._total = total
        self._each = each
        self._clients: dict[Hashable, dict[G, None]] = {}  # in the order in which they came
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def held(self, client: Hashable) -> int:
        """How many connections this client has."""
        return len(self._clients.get(client, ()))

    def enter(self, client: Hashable, guest: G, *, many: bool = False) -> Refusal | None:
        """None when it is in. many: a proxy of ours, which speaks for many clients: only the total counts."""
        held = self.held(client)
        if held >= self._each and not many:
            return Refusal.CLIENT
        if self._size >= self._total and not self._make_room(held):
            return Refusal.FULL
        self._clients.setdefault(client, {})[guest] = None
        self._size += 1
        return None

    def leave(self, client: Hashable, guest: G) -> None:
        """It ended. Saying so twice does no harm."""
        guests = self._clients.get(client, {})
        if guest not in guests:
            return
        del guests[guest]
        self._size -= 1
        if not guests:
            del self._clients[client]

    def _make_room(self, held: int) -> bool:
        client, guests = max(self._clients.items(), key=lambda entry: len(entry[1]))
        victim = next((guest for guest in guests if guest.waiting), None)
        if len(guests) <= held + 1 or victim is None:  # as greedy as the greediest: they would only take turns
            return False
        self.leave(client, victim)
        victim.cut()
        return True
