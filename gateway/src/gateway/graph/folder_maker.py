"""Making an empty folder at the top of a mailbox: what adopting a starter folder needs, and nothing more.

Guarantees: sent once; of the answer the status and a code of a closed set are read, never a folder. Whether it is there
in the end, Reader.folders says: names are unique there, so making one again makes no second.
Must never: send again, make anything below or instead of another folder.
"""

from gateway.graph.new_folder import Making, NewFolder
from gateway.graph.transport import Transport


class FolderMaker:
    """Makes folders in one mailbox. Needs Mail.ReadWrite."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def make(self, folder: NewFolder) -> Making:
        """What Graph says of it. A GraphError: nothing was made."""
        return await self._transport.post_folder(folder)
