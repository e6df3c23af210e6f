"""What stays by itself in a mailbox, as its owner set it."""

from typing import Final

from sqlalchemy import Connection

from gateway.audit.event import Event, Kind
from gateway.organise.context import Context
from gateway.organise.rules.protection import Keeping
from gateway.store import keepings

DEFAULTS: Final = Keeping()


def of_mailbox(connection: Connection, mailbox_id: str) -> Keeping:
    """As it was set, the defaults until then."""
    return _keeping(keepings.get(connection, mailbox_id))


async def change(
    context: Context,
    mailbox_id: str,
    *,
    replied_to: bool | None,
    flagged: bool | None,
    younger_than_hours: int | None,
) -> Keeping:
    """Sets what is not None; the rest stays as it is."""

    def apply(connection: Connection) -> Keeping:
        before = _keeping(keepings.hold(connection, mailbox_id))
        after = keepings.Keeping(
            mailbox_id,
            before.replied_to if replied_to is None else replied_to,
            before.flagged if flagged is None else flagged,
            before.younger_than_hours if younger_than_hours is None else younger_than_hours,
        )
        keepings.put(connection, after)
        context.audit.record(connection, Event(Kind.KEEPING_CHANGED, mailbox=mailbox_id))
        return _keeping(after)

    return await context.write(apply)


def _keeping(row: keepings.Keeping | None) -> Keeping:
    return DEFAULTS if row is None else Keeping(row.replied_to, row.flagged, row.younger_than_hours)
