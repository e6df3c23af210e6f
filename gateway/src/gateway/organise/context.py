"""What all work on a mailbox needs, built once by main and passed in. Database work runs off the event loop."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection, Engine

from chassis import logs
from chassis.errors import Unavailable
from gateway.audit.trail import AuditUnavailable, Trail
from gateway.graph.folder_maker import FolderMaker
from gateway.graph.mover import Mover
from gateway.graph.reader import Reader
from gateway.organise.judge import Judge
from gateway.organise.plan import Plans
from gateway.store import clock, mailboxes, transaction
from gateway.vault.vault import Vault

FIRST_PAUSE_S: Final = 1.0  # between two attempts to write an end; then twice as long, and so on
LONGEST_PAUSE_S: Final = 60.0
_log = logs.get("gateway.organise")

T = TypeVar("T")


class Graph(Protocol):
    """One mailbox at Microsoft: the only three things that may be done with it."""

    @property
    def reader(self) -> Reader:
        """Metadata of messages and folders."""
        ...

    @property
    def mover(self) -> Mover:
        """Moves into listed folders."""
        ...

    @property
    def maker(self) -> FolderMaker:
        """Empty folders at the top, for an owner who adopts them."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """engine: our database. graph: from a mailbox id to Microsoft. settle: seconds a request cut off may still run.

    plans: what people may use.
    audit: what somebody may be asked about later is recorded there, in the transaction that does it.
    """

    engine: Engine
    vault: Vault
    judge: Judge
    graph: Callable[[str], Graph]
    settle: float
    plans: Plans
    audit: Trail

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Runs a query on one snapshot."""
        return await transaction.read(self.engine, query)

    async def write(self, change: Callable[[Connection], T]) -> T:
        """Runs a change in one transaction: all of it, or none."""
        return await transaction.write(self.engine, change)

    async def insist(self, change: Callable[[Connection], T]) -> T:
        """Runs a change until it is written: the end of work, of which its row would say for ever that it goes on."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                return await self.write(change)
            except (Unavailable, AuditUnavailable) as error:
                _log.warning("work.end_not_written", code=error.code)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def owner(self, mailbox_id: str) -> str:
        """The person whose mailbox it is."""
        return (await self.read(lambda connection: mailboxes.get(connection, mailbox_id))).person_id


def now() -> int:
    """Unix milliseconds, the store's unit."""
    return clock.now()
