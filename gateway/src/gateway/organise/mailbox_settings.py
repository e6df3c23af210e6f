"""What Outlook knows of how its owner wants to see things. Read live, kept nowhere."""

from gateway.graph.errors import FolderGone, Refused
from gateway.organise.context import Context


async def time_zone(context: Context, mailbox_id: str) -> str | None:
    """The owner's time zone by IANA's name.

    None: unknown, or Graph doesn't say - to personal accounts, and where looking is all that was granted.
    """
    try:
        return await context.graph(mailbox_id).reader.time_zone()
    except (Refused, FolderGone):
        return None
