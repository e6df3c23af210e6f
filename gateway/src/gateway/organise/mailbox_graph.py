"""From a mailbox to Microsoft: one reader, one mover, one maker of folders and one gate for each.

So that Graph's limits, which are a mailbox's, are kept in one place.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from gateway.graph.folder_maker import FolderMaker
from gateway.graph.gate import Gate
from gateway.graph.link import Asked
from gateway.graph.mover import Mover
from gateway.graph.reader import Reader
from gateway.graph.transport import Connection, TokenSource, Transport

MOST = 10_000  # mailboxes kept in memory, about 2 KiB each; the one used longest ago goes first


@dataclass(frozen=True, slots=True)
class MailboxGraph:
    """The only three things that may be done with a mailbox."""

    reader: Reader
    mover: Mover
    maker: FolderMaker


class MailboxGraphs:
    """Makes and remembers them. tokens: from a mailbox's id to where its access tokens come from."""

    def __init__(self, connection: Connection, tokens: Callable[[str], TokenSource], asked: Asked) -> None:
        self._connection = connection
        self._asked = asked
        self._tokens = tokens
        self._kept: OrderedDict[str, MailboxGraph] = OrderedDict()

    def of(self, mailbox_id: str) -> MailboxGraph:
        """The mailbox's reader and mover."""
        if mailbox_id not in self._kept:
            gate = Gate(self._connection.clock)
            transport = Transport(self._connection, self._tokens(mailbox_id), gate)
            self._kept[mailbox_id] = MailboxGraph(
                Reader(transport, self._asked), Mover(transport), FolderMaker(transport)
            )
        self._kept.move_to_end(mailbox_id)
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return self._kept[mailbox_id]
