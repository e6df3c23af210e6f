"""The folders that a run may move to, with the proof of each: listed once for a run, whatever its number of chains.

A folder that vanishes later makes Graph refuse the move, and the message stays.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from gateway.graph.errors import FolderRefused
from gateway.graph.folder import AllowedFolder, DeniedFolders, MailFolder, allow, denied_folders, origin
from gateway.graph.message import GraphFolderId
from gateway.graph.reader import Reader
from gateway.store.codes import RunKind
from gateway.store.journal import JournalEntry
from gateway.store.move_runs import MoveRun

Allowed = Mapping[str, AllowedFolder]


class Targets:
    """Remembers while a run lasts. reader: from a mailbox's id to its reader."""

    def __init__(self, reader: Callable[[str], Reader]) -> None:
        self._reader = reader
        self._listings: dict[str, asyncio.Task[Allowed]] = {}

    async def of(self, run: MoveRun, entries: Iterable[JournalEntry]) -> Allowed:
        """Proof for each folder that may be moved to; an undo goes back to where the message was found."""
        if run.kind is RunKind.UNDO:
            return {entry.to_graph_id: origin(GraphFolderId(entry.to_graph_id)) for entry in entries}
        if run.id not in self._listings:
            self._listings[run.id] = asyncio.create_task(self._list(run))
        try:
            return await self._listings[run.id]
        except Exception:
            self.forget(run.id)  # the next attempt lists anew
            raise

    def forget(self, run_id: str) -> None:
        """The run has ended, or its listing failed."""
        self._listings.pop(run_id, None)

    async def _list(self, run: MoveRun) -> Allowed:
        live = await self._reader(run.mailbox_id).folders()
        denied = denied_folders(live)
        proofs = {str(folder.id): _allowed(folder, denied) for folder in live}
        return {folder: proof for folder, proof in proofs.items() if proof is not None}


def _allowed(folder: MailFolder, denied: DeniedFolders) -> AllowedFolder | None:
    try:
        return allow(folder, denied=denied)
    except FolderRefused:
        return None
